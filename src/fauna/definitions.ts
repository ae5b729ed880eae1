/**
 * Every definition of a database at one time, through both protocols, as raw text.
 *
 * v4's `Get` is the only one that shows the bodies of v4-made functions, roles and access providers, and the only one
 * that knows indexes; v10 shows what v4 leaves out (facts §6.3). So each definition is read twice, where both know it.
 */
import faunadb from "faunadb";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../values/json.ts";
import { cutTextPage } from "../values/page.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { PageFlow, type PageTurns } from "./page-flow.ts";
import { nextPageOf } from "./paging.ts";
import { isV4Disabled } from "./refusal.ts";
import { taggedMembers, v10Pages } from "./v10-page.ts";

const { query: q } = faunadb;

/** The kinds of definitions, with the set that lists each in v4 and the module in v10. */
const KINDS = {
  collections: { v4: () => q.Collections(), v10: "Collection" },
  functions: { v4: () => q.Functions(), v10: "Function" },
  roles: { v4: () => q.Roles(), v10: "Role" },
  access_providers: { v4: () => q.AccessProviders(), v10: "AccessProvider" },
  // v10's indexes are part of their collections; only v4's stand alone, and only v4 shows them.
  indexes: { v4: () => q.Indexes(), v10: undefined },
  databases: { v4: () => q.Databases(), v10: "Database" },
} as const;

export type DefinitionKind = keyof typeof KINDS;

export const DEFINITION_KINDS = Object.keys(KINDS) as readonly DefinitionKind[];

export interface Definition {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** The protocol whose form it has, and which has to write it: v10 cannot update a v4 role, nor v4 a v10 one (live 32). */
  readonly madeBy: "v4" | "v10";
  /** The document as v4's `Get` prints it, raw; undefined where v4 is switched off. */
  readonly v4: string | undefined;
  /** The document as v10 prints it, tagged, raw; undefined for v4's indexes. */
  readonly v10: string | undefined;
}

export interface DefinitionsOptions extends Pick<CallOptions, "signal" | "timeoutMs"> {
  /** The snapshot time, in microseconds. Definitions keep all their history, so any time will do (facts §4). */
  readonly at: bigint;
}

/**
 * The definitions of one kind, in the order that the database lists them.
 *
 * While a schema is staged, v10 shows the staged collections and v4 the ones in force (live 29); see `stagedStatus`.
 *
 * @throws ArkError ERR_FORBIDDEN where the secret may not see them: roles and child databases need an admin.
 */
export async function definitions(
  connection: Connection,
  kind: DefinitionKind,
  options: DefinitionsOptions,
): Promise<Definition[]> {
  const v4 = await throughV4(connection, kind, options);
  const v10 = await throughV10(connection, kind, options);
  const names = new Set([...(v4?.keys() ?? []), ...v10.keys()]);
  return [...names].map((name) => {
    const both = { v4: v4?.get(name), v10: v10.get(name) };
    return { kind, name, madeBy: madeBy(kind, both.v4), ...both };
  });
}

/** All kinds at once, in an order in which most things come after what they mention. */
export async function allDefinitions(
  connection: Connection,
  options: DefinitionsOptions & { kinds?: readonly DefinitionKind[] | undefined },
): Promise<Definition[]> {
  const lists = await Promise.all(
    (options.kinds ?? DEFINITION_KINDS).map((kind) => definitions(connection, kind, options)),
  );
  return lists.flat();
}

/** Definitions a request asks for, at most, and bytes: they are small, but a page of functions with long bodies is not. */
const PAGE = 500;
const PAGE_BYTES = 1024 * 1024;

function smallPages(of: string): PageTurns {
  return new PageFlow({ pageSize: PAGE, pageBytes: PAGE_BYTES }).stream(of, { first: PAGE });
}

/** Undefined where v4 is switched off. */
async function throughV4(
  connection: Connection,
  kind: DefinitionKind,
  options: DefinitionsOptions,
): Promise<Map<string, string> | undefined> {
  try {
    const found = new Map<string, string>();
    for await (const text of v4Documents(connection, KINDS[kind].v4(), options)) {
      found.set(nameInV4(parseJson(text)), text);
    }
    return found;
  } catch (error) {
    if (isV4Disabled(error)) return undefined;
    throw error;
  }
}

/**
 * The documents that a v4 set of native refs lists, as raw text: keys, tokens, credentials, or one kind of definitions.
 */
export async function* v4Documents(
  connection: Connection,
  set: faunadb.Expr,
  { at, signal, timeoutMs }: DefinitionsOptions,
): AsyncGenerator<string> {
  const turns = smallPages("definitions");
  let after: string | undefined;
  do {
    const cursor =
      after === undefined ? {} : { after: new faunadb.Expr(JSON.parse(after) as object) };
    const { page: cut, turn } = await turns.page(signal, async (each) => {
      const { size, maxAnswerBytes } = each;
      const page = q.Paginate(set, { size, ...cursor });
      const get = q.If(q.Exists(q.Var("r")), q.Get(q.Var("r")), null);
      // Microseconds since 1970 stay below 2^53 until the year 2255.
      const query = q.At(Number(at), q.Map(page, q.Lambda("r", get)));
      const onTimeout = size > 1 ? "report" : "repeat";
      const calls = { idempotent: true, signal, timeoutMs, onTimeout, maxAnswerBytes } as const;
      const { text } = await connection.v4(query, calls);
      const found = cutTextPage(text);
      each.arrived(found.items.length, Buffer.byteLength(text));
      return found;
    });
    try {
      yield* cut.items;
    } finally {
      turn.release();
    }
    after = nextPageOf(cut, after, connection.place);
  } while (after !== undefined);
}

async function throughV10(
  connection: Connection,
  kind: DefinitionKind,
  { at, signal, timeoutMs }: DefinitionsOptions,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const module = KINDS[kind].v10;
  if (module === undefined) return found;
  const turns = smallPages(module);
  const pages = v10Pages(connection, `${module}.all()`, { at, signal, timeoutMs, turns });
  for await (const { items } of pages) {
    for (const text of items) found.set(String(taggedMembers(text).get("name")), text);
  }
  return found;
}

function nameInV4(document: Json): string {
  const name = isJsonObject(document) ? document.get("name") : undefined;
  if (typeof name === "string") return name;
  const ref = member(member(document, "ref"), "@ref");
  const id = member(ref, "id");
  return typeof id === "string" ? id : "";
}

function member(json: Json | undefined, name: string): Json | undefined {
  return isJsonObject(json) ? json.get(name) : undefined;
}

/** The members that only v10 gives a collection. */
const V10_COLLECTION = ["alias", "fields", "wildcard", "computed_fields", "constraints", "indexes"];

/** Which protocol's form a definition has, by its v4 text, which shows either form as it is stored (facts §6.3). */
function madeBy(kind: DefinitionKind, v4Text: string | undefined): "v4" | "v10" {
  if (v4Text === undefined) return "v10";
  const document = parseJson(v4Text);
  if (!isJsonObject(document)) return "v10";
  switch (kind) {
    case "indexes":
      return "v4";
    case "functions":
      return isJsonObject(document.get("body")) ? "v4" : "v10";
    case "roles":
      return rolesForm(document);
    case "access_providers":
      return asList(document.get("roles")).some(isV4AccessRole) ? "v4" : "v10";
    case "collections":
      return V10_COLLECTION.some((name) => document.has(name)) ? "v10" : "v4";
    case "databases":
      return "v10";
  }
}

/** Resources are refs in v4 and names in v10; a role without any is taken for v10's, as the server does. */
function rolesForm(role: JsonObject): "v4" | "v10" {
  const parts = [...asList(role.get("privileges")), ...asList(role.get("membership"))];
  return parts.some((part) => isJsonObject(member(part, "resource"))) ? "v4" : "v10";
}

/** `{"@ref":…}` or `{"role":{"@ref":…},"predicate":…}`; v10 has names in their place. */
function isV4AccessRole(role: Json): boolean {
  return isJsonObject(role) && (role.has("@ref") || isJsonObject(role.get("role")));
}

function asList(json: Json | undefined): readonly Json[] {
  if (json === undefined || json === null) return [];
  return Array.isArray(json) ? json : [json];
}
