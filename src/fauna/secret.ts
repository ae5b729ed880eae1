import { ArkError } from "../errors/errors.ts";

/** A secret taken apart: the key, and the child database and role that its scope names. */
export interface Secret {
  readonly key: string;
  /** Names of databases from the key's own downward; empty for the key's own. */
  readonly path: readonly string[];
  /** Undefined leaves the key its own role. */
  readonly role: Role | undefined;
}

const BUILT_IN_ROLES = ["admin", "server", "server-readonly", "client"] as const;

/** A built-in role, or `@role/NAME` for one that the database defines. */
export type Role = (typeof BUILT_IN_ROLES)[number] | `@role/${string}`;

/** What Fauna allows in the name of a database (facts §6.6). */
const NAME = /^[A-Za-z0-9_;@+$\-.!~%]+$/;

/**
 * Reads a secret, with or without scope (`key:db/child:role`, `key:role`).
 *
 * Fauna ignores a scope whose role it does not know, path included, and lets the key into its own database with all
 * its rights (live 26). So a scope is taken apart here, and anything that Fauna would misread is refused.
 *
 * @throws ArkError ERR_USAGE, which never shows the secret.
 */
export function parseSecret(text: string | undefined): Secret {
  const trimmed = (text ?? "").trim();
  if (trimmed === "") {
    throw usage("No secret is given.", "Set FAUNA_SECRET or --secret-file.");
  }
  if (/^(Bearer|Basic)\s/i.test(trimmed)) {
    throw usage(
      "The secret begins with an HTTP scheme.",
      "Give the bare secret without Bearer or Basic.",
    );
  }
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw usage("The secret holds white space or characters that no secret has.", "Copy it again.");
  }
  const [key, ...scope] = trimmed.split(":");
  if (key === "") throw usage("The secret begins with a colon.", "Give key:database:role.");
  if (scope.length === 0) return { key: key!, path: [], role: undefined };
  if (scope.length === 1) return { key: key!, path: [], role: parseRole(scope[0]!) };
  if (scope.length === 2) {
    return { key: key!, path: parsePath(scope[0]!), role: parseRole(scope[1]!) };
  }
  throw usage("The secret has more than two scopes.", "Give key:database:role.");
}

/** @throws ArkError ERR_USAGE for a role that Fauna would silently ignore (live 26). */
export function parseRole(text: string): Role {
  if ((BUILT_IN_ROLES as readonly string[]).includes(text)) return text as Role;
  const name = /^@role\/(.+)$/.exec(text)?.[1];
  if (name !== undefined && NAME.test(name)) return `@role/${name}`;
  throw usage(
    "The secret's scope names a role that Fauna does not know; it would ignore the whole scope.",
    "Use admin, server, server-readonly, client or @role/NAME.",
  );
}

/** @throws ArkError ERR_USAGE for a path with a part that cannot be a database's name. */
export function parsePath(text: string): readonly string[] {
  if (text === "") return [];
  const names = text.split("/");
  if (names.every((name) => NAME.test(name))) return names;
  throw usage("The path of databases is not valid.", "Write it as parent/child.");
}

/** The secret as it goes over the wire. */
export function printSecret({ key, path, role }: Secret): string {
  if (path.length > 0) return `${key}:${path.join("/")}:${role ?? "admin"}`;
  return role === undefined ? key : `${key}:${role}`;
}

function usage(message: string, hint: string): ArkError {
  return new ArkError("ERR_USAGE", message, { hint });
}
