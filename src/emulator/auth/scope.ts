/** The `Authorization` header, and secrets that name a database and a role behind a colon. */
import { type BuiltinRole, isBuiltinRole } from "./permissions.ts";

/** Where and as whom a scoped secret acts. An empty `path` is the secret's own database. */
export type Scope =
  | { readonly kind: "none" }
  | { readonly kind: "builtin"; readonly path: readonly string[]; readonly role: BuiltinRole }
  | { readonly kind: "role"; readonly path: readonly string[]; readonly name: string }
  | {
      readonly kind: "document";
      readonly path: readonly string[];
      readonly collection: string;
      readonly id: string;
    };

export interface ScopedSecret {
  readonly secret: string;
  readonly scope: Scope;
}

const NO_SCOPE: Scope = { kind: "none" };

/**
 * Takes `secret:role`, `secret:child/grandchild:role`, `secret:@role/name` and `secret:@doc/Coll/id`
 * apart. A suffix that is none of these is ignored with all that stands before it (live 26): such a
 * secret has its full rights in its own database.
 */
export function parseScopedSecret(text: string): ScopedSecret | undefined {
  const match = /^([^/,()&=:]+)(?::(.*))?$/s.exec(text);
  if (!match) return undefined;
  const [, secret = "", suffix] = match;
  return { secret, scope: suffix === undefined ? NO_SCOPE : parseScope(suffix) };
}

function parseScope(suffix: string): Scope {
  const match = /^(?:([^,()&=:]+):)?([^,()&=:]+)$/s.exec(suffix);
  const [, database, role] = match ?? [];
  if (role === undefined) return NO_SCOPE;
  const path = database === undefined ? [] : database.split("/");
  if (isBuiltinRole(role)) return { kind: "builtin", path, role };
  if (role.startsWith("@role/")) return { kind: "role", path, name: role.slice("@role/".length) };
  const document = /^(?:@doc|classes|collections)\/([^/]+)\/([^/]+)$/.exec(role);
  if (document) {
    return { kind: "document", path, collection: document[1] ?? "", id: document[2] ?? "" };
  }
  return NO_SCOPE;
}

/**
 * The secret of an `Authorization` header: `Bearer secret`, or Basic with the secret as user name. The
 * two words are taken only as they are written here, as on the server.
 */
export function secretOfHeader(header: string | undefined): string | undefined {
  const match = /^(Bearer|Basic)\s+(\S.*)$/.exec(header?.trim() ?? "");
  if (!match) return undefined;
  const [, scheme, credentials = ""] = match;
  if (scheme === "Bearer") return credentials;
  const text = Buffer.from(credentials.replace(/:$/, ""), "base64").toString("utf8");
  return text.trim().replace(/:$/, "");
}
