/**
 * The oldest routes: a path per document (`GET /classes/c/1`, `POST /databases` …). Each is a v4
 * query in other clothes, so it is turned into one.
 */
import { atLeast, type ApiVersion } from "../fql4/version.ts";

/** Native collections by path, and the form that names one of their documents. */
const NATIVE_PATHS: Readonly<Record<string, string | undefined>> = {
  classes: "class",
  collections: "collection",
  databases: "database",
  functions: "function",
  indexes: "index",
  roles: "role",
  access_providers: "access_provider",
  credentials: undefined,
  keys: undefined,
  tokens: undefined,
};

/** What a path leads to: a collection's documents, or one document. */
interface Target {
  readonly kind: "set" | "document";
  /** The v4 expression of its reference, as JSON text. */
  readonly ref: string;
}

export type Legacy =
  | { readonly kind: "query"; readonly text: string }
  | { readonly kind: "not found" }
  | { readonly kind: "method not allowed"; readonly allowed: readonly string[] };

/** The query that a request on an old path means; `body` is JSON text or empty. */
export function legacyQuery(
  method: string,
  path: string,
  params: URLSearchParams,
  body: string,
  version: ApiVersion,
): Legacy {
  const target = targetOf(path, version);
  if (target === undefined) return { kind: "not found" };
  const { ref } = target;
  const create = (): Legacy => query(`{"create":${ref},"params":${quoted(body)}}`);
  if (target.kind === "set") {
    if (method === "POST") return create();
    if (method !== "GET") return { kind: "method not allowed", allowed: ["GET", "POST"] };
    const size = /^\d+$/.test(params.get("size") ?? "")
      ? `,"size":${params.get("size") ?? ""}`
      : "";
    return query(`{"paginate":${ref}${size}}`);
  }
  switch (method) {
    case "GET":
      return query(`{"get":${ref}}`);
    case "POST":
      return create();
    case "PUT":
      return query(`{"replace":${ref},"params":${quoted(body)}}`);
    case "PATCH":
      return query(`{"update":${ref},"params":${quoted(body)}}`);
    case "DELETE":
      return query(`{"delete":${ref}}`);
    default:
      return { kind: "method not allowed", allowed: ["GET", "POST", "PUT", "PATCH", "DELETE"] };
  }
}

function targetOf(path: string, version: ApiVersion): Target | undefined {
  const segments = segmentsOf(path);
  const [root = "", name, id] = segments ?? [];
  if (segments === undefined || segments.length > 3 || !Object.hasOwn(NATIVE_PATHS, root)) {
    return undefined;
  }
  const modern = atLeast(version, "2.7");
  const isCollections = root === "classes" || root === "collections";
  const plural = isCollections ? (modern ? "collections" : "classes") : root;
  if (name === undefined) return { kind: "set", ref: `{${JSON.stringify(plural)}:null}` };
  const singular = isCollections ? (modern ? "collection" : "class") : NATIVE_PATHS[root];
  if (id !== undefined) {
    if (!isCollections || !/^\d+$/.test(id)) return undefined;
    const ref = `{"ref":{"${singular ?? ""}":${JSON.stringify(name)}},"id":${JSON.stringify(id)}}`;
    return { kind: "document", ref };
  }
  if (singular === undefined) {
    if (!/^\d+$/.test(name)) return undefined;
    return { kind: "document", ref: `{"ref":{"${root}":null},"id":${JSON.stringify(name)}}` };
  }
  // A collection is where its documents are made; it is read like any other definition.
  return { kind: "document", ref: `{"${singular}":${JSON.stringify(name)}}` };
}

function segmentsOf(path: string): string[] | undefined {
  try {
    return path.split("/").slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

const query = (text: string): Legacy => ({ kind: "query", text });

const quoted = (body: string): string =>
  body.trim() === "" ? '{"object":{}}' : `{"quote":${body}}`;
