/**
 * Who is asking, and what they may do. One `Auth` belongs to one transaction: custom roles are read,
 * and their predicates evaluated, at its snapshot.
 *
 * Both languages ask the same questions: `may(action, resource, subject)` before each read, write or
 * call, `mayList` before a set is walked, `as(role)` when a function has a role of its own. The
 * predicates of roles come in both languages; which one a predicate is written in has nothing to do
 * with the language of the query.
 */
import type { Data, DocRef, StoredLambda } from "../data/value.ts";
import {
  builtinMay,
  builtinMayList,
  builtinMaySchema,
  type BuiltinRole,
  predicateMay,
} from "./permissions.ts";

export { type BuiltinRole, isBuiltinRole } from "./permissions.ts";

/** The actions of a role's privilege, under Fauna's names. */
export type Action =
  | "read"
  | "write"
  | "create"
  | "create_with_id"
  | "delete"
  | "history_read"
  | "history_write"
  | "unrestricted_read"
  | "call";

/** What an action is done to. `native` is a collection of definitions, by its v10 name: `Key`, `Collection`, … */
export type Resource =
  | { readonly kind: "collection"; readonly name: string }
  | { readonly kind: "native"; readonly name: string }
  | { readonly kind: "index"; readonly name: string }
  | { readonly kind: "function"; readonly name: string };

/** The particulars that a predicate is called with; each language picks the arguments it knows. */
export interface Subject {
  /** The document read, written, created or deleted. */
  readonly ref?: DocRef;
  /** The members of the stored document (`data`, `ttl`, …) before and after a write. */
  readonly before?: ReadonlyMap<string, Data>;
  readonly after?: ReadonlyMap<string, Data>;
  /** Terms of an index read. */
  readonly terms?: readonly Data[];
  /** Arguments of a call: an array, or the single v4 argument. */
  readonly args?: readonly Data[] | Data;
  /** Time (µs) and action of a `history_write`. */
  readonly ts?: bigint;
  readonly versionAction?: "create" | "update" | "delete";
  /** Snapshot (µs) that a read is pinned to, where it is not the transaction's. */
  readonly at?: bigint;
}

/** A v4 lambda, or the source text of a v10 one. */
export type Predicate = StoredLambda | string;

/** One privilege of a role: what it allows, always or on condition. */
export interface Privilege {
  readonly resource: Resource;
  readonly actions: ReadonlyMap<Action, true | Predicate>;
}

export interface RoleDefinition {
  readonly name: string;
  readonly privileges: readonly Privilege[];
}

/** What {@link Auth} needs to know of the transaction it belongs to. */
export interface AuthSource {
  /** The role of that name, or undefined if there is none (any more). */
  role(name: string): RoleDefinition | undefined;
  /** The document that a token or credential belongs to. */
  ownerOf(ref: DocRef): DocRef | undefined;
  /** Evaluates a predicate with the rights of `auth`; anything but `true`, errors included, is false. */
  test(predicate: Predicate, action: Action | "membership", subject: Subject, auth: Auth): boolean;
}

/** How the secret was understood: it is what `CurrentToken()` and `Query.token()` answer with. */
export type Login =
  | { readonly kind: "root" }
  | { readonly kind: "key"; readonly id: bigint }
  | { readonly kind: "token"; readonly id: bigint };

type Permissions =
  | { readonly kind: "builtin"; readonly role: BuiltinRole }
  | { readonly kind: "predicate" }
  | { readonly kind: "roles"; readonly roles: readonly RoleDefinition[] };

export class Auth {
  readonly login: Login;
  /** The document of a token, or of a secret scoped with `@doc/`. */
  readonly identity: DocRef | undefined;
  readonly #permissions: Permissions;
  readonly #source: AuthSource;

  private constructor(
    login: Login,
    identity: DocRef | undefined,
    permissions: Permissions,
    source: AuthSource,
  ) {
    this.login = login;
    this.identity = identity;
    this.#permissions = permissions;
    this.#source = source;
  }

  /** Rights of a built-in role. */
  static builtin(role: BuiltinRole, login: Login, source: AuthSource): Auth {
    return new Auth(login, undefined, { kind: "builtin", role }, source);
  }

  /** Rights of user-defined roles, all together; with none of them nothing is allowed. */
  static roles(
    roles: readonly RoleDefinition[],
    login: Login,
    source: AuthSource,
    identity?: DocRef,
  ): Auth {
    return new Auth(login, identity, { kind: "roles", roles }, source);
  }

  /** The built-in role these rights come from, if they come from one. */
  get builtinRole(): BuiltinRole | undefined {
    return this.#permissions.kind === "builtin" ? this.#permissions.role : undefined;
  }

  /** Whether these rights end with the database itself: those of user-defined roles reach into no child. */
  get endsWithDatabase(): boolean {
    return this.#permissions.kind === "roles";
  }

  /** Whether credentials may be written with a ready-made hash: only as `server` (live 23). */
  get mayWritePasswordHash(): boolean {
    return this.builtinRole === "server";
  }

  /**
   * Whether `action` on `resource` is allowed. `subject` is what predicates are asked about; give what
   * is known, lazily where it costs.
   */
  may(action: Action, resource: Resource, subject: Subject | (() => Subject) = {}): boolean {
    const permissions = this.#permissions;
    if (permissions.kind === "builtin") return builtinMay(permissions.role, action, resource);
    if (permissions.kind === "predicate") return predicateMay(action, resource);
    if (this.#isOwn(action, resource, subject)) return true;
    return this.#policies(action, resource).some(
      (policy) => policy === true || this.#source.test(policy, action, force(subject), this),
    );
  }

  /** Creating with an id of one's own: `create_with_id`, or both `create` and `history_write`. */
  mayCreateWithId(resource: Resource, subject: Subject | (() => Subject) = {}): boolean {
    return (
      this.may("create_with_id", resource, subject) ||
      (this.may("create", resource, subject) && this.may("history_write", resource, subject))
    );
  }

  /** Whether documents of a collection may be listed at all; which ones, `may("read", …)` tells of each. */
  mayList(resource: Resource): boolean {
    const permissions = this.#permissions;
    if (permissions.kind === "builtin") return builtinMayList(permissions.role);
    if (permissions.kind === "predicate") return predicateMay("read", resource);
    return this.#policies("read", resource).length > 0;
  }

  /** Whether schema files may be read or written through `/schema/1`. */
  maySchema(action: "read" | "write"): boolean {
    const permissions = this.#permissions;
    return permissions.kind === "builtin" && builtinMaySchema(permissions.role, action);
  }

  /** The same caller with the rights of one role, built-in or defined, for a function's `role`. */
  as(role: string): Auth {
    const permissions: Permissions =
      role === "admin" || role === "server" || role === "server-readonly" || role === "client"
        ? { kind: "builtin", role }
        : {
            kind: "roles",
            roles: [this.#source.role(role)].filter((found) => found !== undefined),
          };
    return new Auth(this.login, this.identity, permissions, this.#source);
  }

  /** The same caller with the rights that predicates run with: reading and calling only. */
  forPredicate(): Auth {
    return new Auth(this.login, this.identity, { kind: "predicate" }, this.#source);
  }

  #policies(action: Action, resource: Resource): (true | Predicate)[] {
    if (this.#permissions.kind !== "roles") return [];
    return this.#permissions.roles
      .flatMap((role) => role.privileges)
      .filter((privilege) => sameResource(privilege.resource, resource))
      .map((privilege) => privilege.actions.get(action))
      .filter((policy) => policy !== undefined);
  }

  /** A document may always read its credentials and tokens, and delete its tokens. */
  #isOwn(action: Action, resource: Resource, subject: Subject | (() => Subject)): boolean {
    if (this.identity === undefined || resource.kind !== "native") return false;
    const rightful =
      (action === "read" && (resource.name === "Token" || resource.name === "Credential")) ||
      (action === "delete" && resource.name === "Token");
    const { ref } = rightful ? force(subject) : {};
    const owner = ref && this.#source.ownerOf(ref);
    return (
      owner !== undefined &&
      owner.collection === this.identity.collection &&
      owner.id === this.identity.id
    );
  }
}

function force(subject: Subject | (() => Subject)): Subject {
  return typeof subject === "function" ? subject() : subject;
}

function sameResource(a: Resource, b: Resource): boolean {
  return a.kind === b.kind && a.name === b.name;
}
