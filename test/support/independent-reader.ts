/**
 * Reads a whole database and says where two differ, with nothing of `src/`: plain fetch and the
 * lossless JSON parser of the corpus' tool. What the toolkit gets wrong on both sides of a round
 * trip, this reader does not share.
 */
import { Num, Obj, parse, stringify } from "../conformance/corpus/lib/json.mjs";

type Json = null | boolean | string | InstanceType<typeof Num> | Json[] | InstanceType<typeof Obj>;

export interface DatabaseContent {
  /** Every document by `collection/id`: its v4 text and its v10 tagged text. */
  readonly documents: ReadonlyMap<string, string>;
  /** Every definition by `kind/name`, without `ts`, members sorted. */
  readonly definitions: ReadonlyMap<string, string>;
  /** Schema files by name. */
  readonly files: ReadonlyMap<string, string>;
}

/** Reads everything with `secret`, an admin secret of the database. */
export async function readIndependently(endpoint: string, secret: string): Promise<DatabaseContent> {
  const reader = new Reader(endpoint, secret);
  const definitions = new Map<string, string>();
  for (const kind of ["collections", "indexes", "functions", "roles", "access_providers"]) {
    for (const definition of await reader.everyV4({ [kind]: null })) {
      definitions.set(`${kind}/${text(definition.get("name"))}`, stringify(plain(definition)));
    }
  }
  for (const kind of ["Collection", "Function", "Role", "AccessProvider"]) {
    for (const definition of await reader.everyV10(`${kind}.all()`)) {
      definitions.set(`${kind}/${text(definition.get("name"))}`, stringify(plain(definition)));
    }
  }
  const documents = new Map<string, string>();
  const collections = [...definitions.keys()]
    .filter((key) => key.startsWith("collections/"))
    .map((key) => key.slice("collections/".length));
  for (const collection of collections) {
    for (const document of await reader.everyV4({ documents: { collection } })) {
      documents.set(`${collection}/${idOf(document)}`, stringify(document));
    }
    const name = JSON.stringify(collection).replaceAll("#{", "\\#{");
    for (const document of await reader.everyV10(`Collection(${name}).all()`)) {
      const key = `${collection}/${text(document.get("id"))}`;
      documents.set(key, `${documents.get(key) ?? "not in v4"}\n${stringify(document)}`);
    }
  }
  return { documents, definitions, files: await reader.files() };
}

/** Every difference between two databases, one line each; none when they are the same. */
export function differences(left: DatabaseContent, right: DatabaseContent): string[] {
  return (["documents", "definitions", "files"] as const).flatMap((part) => {
    const keys = new Set([...left[part].keys(), ...right[part].keys()]);
    return [...keys]
      .filter((key) => left[part].get(key) !== right[part].get(key))
      .map((key) => `${part} ${key}:\n  ${left[part].get(key)}\n  ${right[part].get(key)}`);
  });
}

class Reader {
  readonly #endpoint: string;
  readonly #secret: string;

  constructor(endpoint: string, secret: string) {
    this.#endpoint = endpoint;
    this.#secret = secret;
  }

  async everyV4(set: object): Promise<InstanceType<typeof Obj>[]> {
    const all: InstanceType<typeof Obj>[] = [];
    let after: string | undefined;
    do {
      const page = JSON.stringify({ paginate: set, size: 300 });
      const cursor = after === undefined ? "" : `,"after":{"quote":${after}}`;
      const body = `{"map":{"lambda":"x","expr":{"get":{"var":"x"}}},"collection":${page.slice(0, -1)}${cursor}}}`;
      const answer = await this.#post("/", body, { "X-FaunaDB-API-Version": "4" });
      const resource = object(object(answer).get("resource"));
      all.push(...array(resource.get("data")).map(object));
      after = resource.has("after") ? stringify(resource.get("after")) : undefined;
    } while (after !== undefined);
    return all;
  }

  async everyV10(set: string): Promise<InstanceType<typeof Obj>[]> {
    const all: InstanceType<typeof Obj>[] = [];
    let query = `${set}.pageSize(300)`;
    for (;;) {
      const body = JSON.stringify({ query });
      const answer = object(await this.#post("/query/1", body, { "x-format": "tagged" }));
      const data = object(answer.get("data"));
      const page = data.has("@set") ? object(data.get("@set")) : data;
      all.push(...array(page.get("data")).map((each) => object(object(each).get("@doc"))));
      if (!page.has("after")) return all;
      query = `Set.paginate(${JSON.stringify(page.get("after"))})`;
    }
  }

  async files(): Promise<Map<string, string>> {
    const list = object(await this.#get("/schema/1/files"));
    const files = new Map<string, string>();
    for (const file of array(list.get("files")).map(object)) {
      const name = text(file.get("filename"));
      const answer = object(await this.#get(`/schema/1/files/${encodeURIComponent(name)}`));
      files.set(name, text(answer.get("content")));
    }
    return files;
  }

  #get(path: string): Promise<Json> {
    return this.#exchange(path, { method: "GET", headers: {} });
  }

  #post(path: string, body: string, headers: Record<string, string>): Promise<Json> {
    return this.#exchange(path, { method: "POST", body, headers });
  }

  async #exchange(
    path: string,
    request: { method: string; body?: string; headers: Record<string, string> },
  ): Promise<Json> {
    const headers = { ...request.headers, authorization: `Bearer ${this.#secret}` };
    const response = await fetch(this.#endpoint + path, { ...request, headers });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${request.method} ${path}: ${response.status} ${answer}`);
    return parse(answer) as Json;
  }
}

/** A definition as it can be compared: no times of its own, members in one order. */
function plain(definition: InstanceType<typeof Obj>): InstanceType<typeof Obj> {
  const entries = definition.entries
    .filter(([key]) => key !== "ts" && key !== "audience")
    .map(([key, value]) => [key, sorted(value as Json)] as [string, Json]);
  return sorted(new Obj(entries)) as InstanceType<typeof Obj>;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!(value instanceof Obj)) return value;
  const entries = value.entries.map(([key, member]) => [key, sorted(member as Json)] as [string, Json]);
  return new Obj(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function idOf(document: InstanceType<typeof Obj>): string {
  return text(object(object(document.get("ref")).get("@ref")).get("id"));
}

function object(value: unknown): InstanceType<typeof Obj> {
  if (value instanceof Obj) return value;
  throw new Error(`an object was expected, not ${stringify(value as Json)}`);
}

function array(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`an array was expected, not ${stringify(value as Json)}`);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error(`text was expected, not ${stringify(value as Json)}`);
}
