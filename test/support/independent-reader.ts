/**
 * Reads a whole database and says where two differ, with nothing of `src/`: plain fetch and the
 * lossless JSON parser of the corpus' tool. What the toolkit gets wrong on both sides of a round
 * trip, this reader does not share.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Num, Obj, parse, stringify } from "../conformance/corpus/lib/json.mjs";

type Document = InstanceType<typeof Obj>;
type Json = null | boolean | string | InstanceType<typeof Num> | Json[] | Document;

export interface DatabaseContent {
  /** Every document by `collection/id`: its v4 text and its v10 tagged text. */
  readonly documents: ReadonlyMap<string, string>;
  /** Every definition by `kind/name`, without `ts`, members sorted. */
  readonly definitions: ReadonlyMap<string, string>;
  /** Schema files by name. */
  readonly files: ReadonlyMap<string, string>;
}

/** Reads everything with `secret`, an admin secret of the database. */
export async function readIndependently(
  endpoint: string,
  secret: string,
): Promise<DatabaseContent> {
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

/** The documents of one collection at a time in microseconds, by id, as v4 prints them. */
export async function documentsAt(
  endpoint: string,
  secret: string,
  collection: string,
  ts: string,
): Promise<Map<string, Document>> {
  const reader = new Reader(endpoint, secret);
  const documents = await reader.everyV4({ documents: { collection } }, ts);
  return new Map(documents.map((document) => [idOf(document), document]));
}

/**
 * Every difference between two databases, one line each; none when they are the same.
 *
 * @param withNewTs documents by `collection/id` whose `ts` may differ: those that v10 had to write.
 */
export function differences(
  left: DatabaseContent,
  right: DatabaseContent,
  withNewTs: ReadonlySet<string> = new Set(),
): string[] {
  return (["documents", "definitions", "files"] as const).flatMap((part) => {
    const keys = new Set([...left[part].keys(), ...right[part].keys()]);
    const textOf = (content: DatabaseContent, key: string) =>
      part === "documents" && withNewTs.has(key)
        ? content[part].get(key)?.replaceAll(/"ts":(\d+|\{"@time":"[^"]*"\})/g, '"ts":…')
        : content[part].get(key);
    return [...keys]
      .filter((key) => textOf(left, key) !== textOf(right, key))
      .map((key) => `${part} ${key}:\n  ${left[part].get(key)}\n  ${right[part].get(key)}`);
  });
}

/** How often what is hidden is asked for again. */
const HIDDEN = 40;

class Reader {
  readonly #endpoint: string;
  readonly #secret: string;

  constructor(endpoint: string, secret: string) {
    this.#endpoint = endpoint;
    this.#secret = secret;
  }

  async everyV4(set: object, ts?: string): Promise<Document[]> {
    const all: Document[] = [];
    let after: string | undefined;
    do {
      const page = JSON.stringify({ paginate: set, size: 300 });
      const cursor = after === undefined ? "" : `,"after":{"quote":${after}}`;
      const body = `{"map":{"lambda":"x","expr":{"get":{"var":"x"}}},"collection":${page.slice(0, -1)}${cursor}}}`;
      const asked = ts === undefined ? body : `{"at":${ts},"expr":${body}}`;
      const answer = await this.#post("/", asked, { "X-FaunaDB-API-Version": "4" });
      const resource = object(object(answer).get("resource"));
      all.push(...array(resource.get("data")).map(object));
      after = resource.has("after") ? stringify(resource.get("after")) : undefined;
    } while (after !== undefined);
    return all;
  }

  async everyV10(set: string): Promise<Document[]> {
    const all: Document[] = [];
    let query = `${set}.pageSize(300)`;
    for (let hidden = 0; ;) {
      const body = JSON.stringify({ query });
      const answer = object(await this.#post("/query/1", body, { "x-format": "tagged" }));
      const data = object(answer.get("data"));
      const page = data.has("@set") ? object(data.get("@set")) : data;
      const found = array(page.get("data")).map(object);
      if (found.some((each) => !each.has("@doc")) && hidden++ < HIDDEN) {
        await sleep(50);
        continue;
      }
      all.push(...found.map((each) => inner(object(each.get("@doc")))));
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
    let response = await fetch(this.#endpoint + path, { ...request, headers });
    // A server that migrates documents hides each for a moment (live 45).
    for (let again = 0; response.status === 404 && again < HIDDEN; again++) {
      await sleep(50);
      response = await fetch(this.#endpoint + path, { ...request, headers });
    }
    const answer = await response.text();
    if (!response.ok) throw new Error(`${request.method} ${path}: ${response.status} ${answer}`);
    return parse(answer);
  }
}

/** With keys that begin with `@` a document is wrapped once more (live 13). */
function inner(document: Document): Document {
  return document.has("@object") ? object(document.get("@object")) : document;
}

/** Members of definitions that every database makes up for itself. */
const OWN = ["ts", "audience"];

/** A definition as it can be compared: no times of its own, members in one order, one spelling for what means the same. */
function plain(definition: Document): Document {
  const entries = definition.entries
    .filter(([key]) => !OWN.includes(key))
    .map(([key, value]) => [key, normal(key, value)] as [string, Json])
    .filter(([key, value]) => !(MAY_BE_EMPTY.includes(key) && isEmpty(value)));
  return sorted(new Obj(entries)) as Document;
}

/** Whether a definition has none of these or says so makes no difference. */
const MAY_BE_EMPTY = ["constraints", "indexes", "computed_fields", "privileges", "membership"];

function isEmpty(value: Json): boolean {
  return Array.isArray(value)
    ? value.length === 0
    : value instanceof Obj && value.entries.length === 0;
}

/**
 * The server keeps definitions in the words of the query that made them, and in its own after a schema push: fields
 * with and without a dot, what is left out or said to be the default, lambdas in any layout.
 */
function normal(key: string, value: Json): Json {
  if (key === "constraints") {
    return sortedByText(array(value).map((each) => constraint(object(each))));
  }
  if (key === "indexes") {
    return new Obj(
      object(value).entries.map(([name, index]) => [name, indexDefinition(object(index))]),
    );
  }
  if (key === "privileges" || key === "membership" || key === "roles") {
    return (Array.isArray(value) ? value : [value]).map(normalTexts);
  }
  return ["body", "computed_fields", "fields"].includes(key) ? normalTexts(value) : value;
}

function constraint(value: Document): Json {
  const entries = value.entries
    .filter(([key]) => key !== "status")
    .map(([key, each]): [string, Json] => [
      key,
      key === "unique" ? fieldList(each, false) : normalTexts(each),
    ]);
  return sorted(new Obj(entries));
}

function indexDefinition(value: Document): Json {
  const entries = value.entries
    .filter(([key]) => key !== "status")
    .map(([key, each]): [string, Json] => [
      key,
      key === "queryable" ? each : fieldList(each, key === "values"),
    ]);
  return new Obj(entries);
}

function fieldList(list: Json, ordered: boolean): Json {
  return (Array.isArray(list) ? list : [list]).map((each) => {
    const given = each instanceof Obj ? each : new Obj([["field", each]]);
    const path = text(given.get("field"));
    const order = ordered ? text(given.get("order") ?? "asc") : "";
    return `${path.startsWith(".") ? "" : "."}${path} ${stringify(given.get("mva") ?? false)} ${order}`;
  });
}

/** Texts of lambdas without what only lays them out, and permissions that are not given left out. */
function normalTexts(value: Json): Json {
  if (typeof value === "string") {
    return value.includes("=>") ? value.replaceAll(/[\s(){};]/g, "") : value;
  }
  if (Array.isArray(value)) return value.map(normalTexts);
  if (!(value instanceof Obj)) return value;
  return new Obj(
    value.entries
      .filter(([, each]) => each !== false)
      .map(([key, each]): [string, Json] => [key, normalTexts(each)]),
  );
}

function sortedByText(values: readonly Json[]): Json[] {
  return [...values].toSorted((a, b) => (stringify(a) < stringify(b) ? -1 : 1));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!(value instanceof Obj)) return value;
  const entries = value.entries.map(([key, member]) => [key, sorted(member)] as [string, Json]);
  return new Obj(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function idOf(document: Document): string {
  return text(object(object(document.get("ref")).get("@ref")).get("id"));
}

function object(value: unknown): Document {
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
