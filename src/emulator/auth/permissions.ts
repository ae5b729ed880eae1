/** What the built-in roles may do (ext/model auth/Permissions.scala of the server). */
import type { Action, Resource } from "./auth.ts";

export type BuiltinRole = "admin" | "server" | "server-readonly" | "client";

/** The names that a scoped secret, a key or a function may use without a role being defined. */
const BUILTIN_ROLES: readonly BuiltinRole[] = ["admin", "server-readonly", "server", "client"];

export function isBuiltinRole(name: string): name is BuiltinRole {
  return (BUILTIN_ROLES as readonly string[]).includes(name);
}

/** Native collections that no server key sees (live 27). */
const ADMIN_ONLY = new Set(["Database", "Key", "Role", "AccessProvider"]);

const READING = new Set<Action>(["read", "history_read"]);

const onlyForAdmin = (resource: Resource): boolean =>
  resource.kind === "native" && ADMIN_ONLY.has(resource.name);

/** Whether a built-in role may do `action` to documents of `resource`. */
export function builtinMay(role: BuiltinRole, action: Action, resource: Resource): boolean {
  if (action === "unrestricted_read") return false;
  switch (role) {
    case "admin":
      return true;
    case "server":
      return !onlyForAdmin(resource);
    case "server-readonly":
      return READING.has(action) && !onlyForAdmin(resource);
    case "client":
      return false;
  }
}

/**
 * What the predicates of roles run with: they read everything that a server key reads and call
 * functions, and write nothing.
 */
export function predicateMay(action: Action, resource: Resource): boolean {
  if (action === "call") return true;
  return (action === "read" || action === "unrestricted_read") && !onlyForAdmin(resource);
}

/** Whether a built-in role may list a collection at all; its documents are asked for one by one. */
export function builtinMayList(role: BuiltinRole): boolean {
  return role !== "client";
}

/** Whether a built-in role may read the schema files, or write them. */
export function builtinMaySchema(role: BuiltinRole, action: "read" | "write"): boolean {
  return role === "admin" || (action === "read" && role !== "client");
}
