/**
 * Asks a database about its past and says what an archive tells of it, with nothing of `src/`: plain fetch, node:zlib
 * and the lossless JSON parser of the corpus' tool.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Obj, parse, stringify } from "../conformance/corpus/lib/json.mjs";

type Document = InstanceType<typeof Obj>;

/** One database to ask. */
export interface Asked {
  readonly endpoint: string;
  readonly secret: string;
}

async function post(
  { endpoint, secret }: Asked,
  path: string,
  body: string,
  headers: Record<string, string>,
): Promise<Document> {
  const authorization = `Bearer ${secret}`;
  const request = { method: "POST", body, headers: { ...headers, authorization } };
  const response = await fetch(endpoint + path, request);
  const answer = await response.text();
  if (!response.ok) throw new Error(`${body}: ${response.status} ${answer}`);
  return parse(answer) as Document;
}

/** What v4 answers to an expression, as text. */
export async function v4(asked: Asked, expression: unknown): Promise<string> {
  const headers = { "X-FaunaDB-API-Version": "4" };
  const body = typeof expression === "string" ? expression : JSON.stringify(expression);
  return stringify((await post(asked, "/", body, headers)).get("resource"));
}

/** What v10 answers to a query, as tagged text. */
export async function v10(asked: Asked, query: string): Promise<string> {
  const headers = { "x-format": "tagged" };
  const answer = await post(asked, "/query/1", JSON.stringify({ query }), headers);
  return stringify(answer.get("data"));
}

/** The events of a set or of a document, as texts, all pages. */
export async function events(asked: Asked, of: unknown): Promise<string[]> {
  const all: string[] = [];
  let after = "";
  for (;;) {
    const page = `{"paginate":${JSON.stringify(of)},"events":true,"size":50${after}}`;
    const resource = parse(await v4(asked, page)) as Document;
    all.push(...(resource.get("data") as unknown[]).map((each) => stringify(each as never)));
    if (!resource.has("after")) return all;
    after = `,"after":{"quote":${stringify(resource.get("after"))}}`;
  }
}

/** When anything happened in a set or to a document, in microseconds. */
export function timesOf(texts: readonly string[]): bigint[] {
  return texts.map((text) => BigInt(stringify((parse(text) as Document).get("ts"))));
}

/** What an archive in a folder tells of the past of each collection: its lines, every file held against its digest. */
export function archivedHistory(folder: string): ReadonlyMap<string, readonly string[]> {
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  const told = new Map<string, string[]>();
  for (const { path, collections } of manifest.databases) {
    for (const { name, history } of collections) {
      if (history === undefined) continue;
      const lines: string[] = [];
      for (const { file, sha256 } of history.segments) {
        const bytes = readFileSync(join(folder, file));
        const digest = createHash("sha256").update(bytes).digest("hex");
        if (digest !== sha256) throw new Error(`${file} is not what the manifest says`);
        lines.push(...gunzipSync(bytes).toString().split("\n").slice(0, -1));
      }
      if (lines.length !== history.versions) throw new Error(`${name} has other versions`);
      told.set([...path, name].join("/"), lines);
    }
  }
  return told;
}
