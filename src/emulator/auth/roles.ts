/** Roles as a transaction finds them: definitions of both languages, turned into privileges. */
import { isUserCollection, NATIVE, nativeName, type NativeName } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import {
  type Data,
  DocRef,
  isArrayData,
  isObjectData,
  type ObjectData,
  StoredLambda,
} from "../data/value.ts";
import type {
  Action,
  Auth,
  AuthSource,
  Predicate,
  Privilege,
  Resource,
  RoleDefinition,
  Subject,
} from "./auth.ts";

const ACTIONS: ReadonlySet<string> = new Set<Action>([
  "read",
  "write",
  "create",
  "create_with_id",
  "delete",
  "history_read",
  "history_write",
  "unrestricted_read",
  "call",
]);

/** Evaluates a predicate in a transaction; false unless it says true. */
export type PredicateTester = (
  transaction: Transaction,
  predicate: Predicate,
  action: Action | "membership",
  subject: Subject,
  auth: Auth,
) => boolean;

/** What {@link Auth} asks, answered from a transaction. */
export class TransactionAuthSource implements AuthSource {
  readonly #transaction: Transaction;
  readonly #tester: PredicateTester;
  readonly #roles = new Map<string, RoleDefinition | undefined>();

  constructor(transaction: Transaction, tester: PredicateTester) {
    this.#transaction = transaction;
    this.#tester = tester;
  }

  role(name: string): RoleDefinition | undefined {
    if (this.#roles.has(name)) return this.#roles.get(name);
    const found = this.#transaction.definitions.find(NATIVE.Role, name);
    const role = found && readRole(this.#transaction, name, found.version.fields);
    this.#roles.set(name, role);
    return role;
  }

  ownerOf(ref: DocRef): DocRef | undefined {
    return ownerIn(this.#transaction.get(ref)?.fields);
  }

  test(predicate: Predicate, action: Action | "membership", subject: Subject, auth: Auth): boolean {
    return this.#tester(this.#transaction, predicate, action, subject, auth.forPredicate());
  }
}

/** The document that a token or credential with these fields belongs to. */
export function ownerIn(fields: ObjectData | undefined): DocRef | undefined {
  const owner = fields?.get("instance") ?? fields?.get("document");
  return owner instanceof DocRef ? owner : undefined;
}

/** The roles that a key's `role` field names: one or several, by name or by reference. */
export function rolesNamed(
  transaction: Transaction,
  source: AuthSource,
  role: Data,
): RoleDefinition[] {
  const names = (isArrayData(role) ? role : [role]).map((item) =>
    item instanceof DocRef ? transaction.definitions.nameOf(item) : item,
  );
  return names
    .map((name) => (typeof name === "string" ? source.role(name) : undefined))
    .filter((found) => found !== undefined);
}

/** One membership of a role in the database: whose documents have it, and on what condition. */
export interface Membership {
  readonly role: RoleDefinition;
  readonly predicate: Predicate | undefined;
}

/** The memberships that documents of `identity`'s collection have. */
export function membershipsOf(
  transaction: Transaction,
  source: AuthSource,
  identity: DocRef,
): Membership[] {
  const collection = new DocRef(NATIVE.Collection, BigInt(identity.collection));
  const found: Membership[] = [];
  for (const { version } of transaction.definitions.all(NATIVE.Role)) {
    const name = version.fields.get("name");
    const role = typeof name === "string" ? source.role(name) : undefined;
    if (role === undefined) continue;
    for (const entry of objectsIn(version.fields.get("membership"))) {
      if (!means(transaction, entry.get("resource"), collection)) continue;
      found.push({ role, predicate: predicateIn(entry.get("predicate")) });
    }
  }
  return found;
}

function readRole(transaction: Transaction, name: string, fields: ObjectData): RoleDefinition {
  const privileges = objectsIn(fields.get("privileges")).flatMap((entry): Privilege[] => {
    const resource = resourceOf(transaction, entry.get("resource"));
    return resource === undefined ? [] : [{ resource, actions: actionsIn(entry.get("actions")) }];
  });
  return { name, privileges };
}

function actionsIn(data: Data | undefined): ReadonlyMap<Action, true | Predicate> {
  const actions = new Map<Action, true | Predicate>();
  for (const [name, allowed] of isObjectData(data) ? data : []) {
    const policy = allowed === true ? true : predicateIn(allowed);
    if (ACTIONS.has(name) && policy !== undefined) actions.set(name as Action, policy);
  }
  return actions;
}

function predicateIn(data: Data | undefined): Predicate | undefined {
  return data instanceof StoredLambda || typeof data === "string" ? data : undefined;
}

/** What a privilege is about: a name in v10's roles, a reference in v4's; undefined if it is gone. */
function resourceOf(transaction: Transaction, data: Data | undefined): Resource | undefined {
  if (typeof data === "string") {
    if (Object.hasOwn(NATIVE, data)) return { kind: "native", name: data };
    const found = transaction.definitions.findModule(data);
    return found && resourceOfRef(transaction, found.ref);
  }
  return data instanceof DocRef ? resourceOfRef(transaction, data) : undefined;
}

/** The resource that a collection's, index's or function's reference names; undefined if it is gone. */
function resourceOfRef(transaction: Transaction, ref: DocRef): Resource | undefined {
  if (ref.collection === NATIVE.Collection && !isUserCollection(Number(ref.id))) {
    const native: NativeName | undefined = nativeName(Number(ref.id));
    return native && { kind: "native", name: native };
  }
  const name = transaction.get(ref)?.fields.get("name");
  if (typeof name !== "string") return undefined;
  if (ref.collection === NATIVE.Collection) return { kind: "collection", name };
  if (ref.collection === NATIVE.Index) return { kind: "index", name };
  if (ref.collection === NATIVE.Function) return { kind: "function", name };
  return undefined;
}

function means(transaction: Transaction, data: Data | undefined, collection: DocRef): boolean {
  if (data instanceof DocRef) {
    return data.collection === collection.collection && data.id === collection.id;
  }
  if (typeof data !== "string") return false;
  const ref = transaction.database.names.findModule(data);
  return ref !== undefined && ref.collection === collection.collection && ref.id === collection.id;
}

function objectsIn(data: Data | undefined): ObjectData[] {
  return (isArrayData(data) ? data : [data]).filter((item) => isObjectData(item));
}
