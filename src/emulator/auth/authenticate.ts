/** From a request's secret to a database and the rights it has there. */
import { isUserCollection, NATIVE } from "../data/ids.ts";
import type { Cluster } from "../data/cluster.ts";
import type { Database } from "../data/database.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, DocRef, type ObjectData } from "../data/value.ts";
import { Auth, isBuiltinRole, type Login } from "./auth.ts";
import { globalNumber } from "./issue.ts";
import {
  membershipsOf,
  ownerIn,
  type PredicateTester,
  rolesNamed,
  TransactionAuthSource,
} from "./roles.ts";
import { parseScopedSecret, type Scope } from "./scope.ts";
import { matchesSecret, parseSecret } from "./secret.ts";

/** Where a request acts, before its transaction has begun. */
export interface Entry {
  readonly database: Database;
  readonly login: Login;
  /** The role that the key has, if it is not narrowed down by a scope. */
  readonly role: Data;
  readonly scope: Scope;
}

/**
 * Finds the database that a secret leads to; undefined if there is none or the secret is not valid
 * at `now` (µs). `root` is the node's own secret.
 */
export function enter(
  cluster: Cluster,
  root: string,
  text: string,
  now: bigint,
): Entry | undefined {
  const parsed = parseScopedSecret(text);
  if (parsed === undefined) return undefined;
  const { scope } = parsed;
  const start =
    parsed.secret === root ? rootEntry(cluster) : secretEntry(cluster, parsed.secret, now);
  if (start === undefined) return undefined;
  if (start.login.kind === "token" || scope.kind === "none") return { ...start, scope: NO_SCOPE };
  if (!maySetScope(start, scope)) return undefined;
  const database = cluster.find(scope.path, start.database);
  return database && { ...start, database, scope };
}

/**
 * The rights of an entry in its transaction; undefined if what its scope or token names is not there.
 */
export function authorize(
  entry: Entry,
  transaction: Transaction,
  tester: PredicateTester,
): Auth | undefined {
  const source = new TransactionAuthSource(transaction, tester);
  const { login, scope } = entry;
  if (login.kind === "token") {
    const owner = ownerIn(transaction.get(new DocRef(NATIVE.Token, login.id))?.fields);
    return owner && ofDocument(transaction, source, login, owner);
  }
  switch (scope.kind) {
    case "builtin":
      return Auth.builtin(scope.role, login, source);
    case "role": {
      const role = source.role(scope.name);
      return role && Auth.roles([role], login, source);
    }
    case "document": {
      const document = documentNamed(transaction, scope.collection, scope.id);
      return document && ofDocument(transaction, source, login, document);
    }
    case "none":
      return typeof entry.role === "string" && isBuiltinRole(entry.role)
        ? Auth.builtin(entry.role, login, source)
        : Auth.roles(rolesNamed(transaction, source, entry.role), login, source);
  }
}

const NO_SCOPE: Scope = { kind: "none" };

function rootEntry(cluster: Cluster): Entry {
  return { database: cluster.root, login: { kind: "root" }, role: "admin", scope: NO_SCOPE };
}

function secretEntry(cluster: Cluster, text: string, now: bigint): Entry | undefined {
  const secret = parseSecret(text);
  if (secret === undefined) return undefined;
  for (const database of cluster.databases()) {
    if (secret.kind === "token" && globalNumber(database) !== secret.globalId) continue;
    const fields = current(
      database,
      secret.kind === "key" ? NATIVE.Key : NATIVE.Token,
      secret.id,
      now,
    );
    const hash = fields?.get("hashed_secret");
    if (fields === undefined || typeof hash !== "string" || !matchesSecret(secret, hash)) continue;
    if (secret.kind === "token") {
      if (fields.get("global_id") !== secret.globalId) return undefined;
      return { database, login: { kind: "token", id: secret.id }, role: null, scope: NO_SCOPE };
    }
    const home = homeOf(database, fields.get("database"));
    if (home === undefined) return undefined;
    const role = fields.get("role") ?? null;
    return { database: home, login: { kind: "key", id: secret.id }, role, scope: NO_SCOPE };
  }
  return undefined;
}

/** The database that a key in `database` is for: v4 stores a reference to a child, v10 its name. */
function homeOf(database: Database, child: Data | undefined): Database | undefined {
  if (child instanceof DocRef) return database.child(child.id);
  return typeof child === "string" ? database.childNamed(child) : database;
}

/** Only admins act elsewhere or as another role; a server key may act as a document (facts §1.1). */
function maySetScope({ role }: Entry, scope: Scope): boolean {
  if (role === "admin") return true;
  return role === "server" && scope.kind === "document" && scope.path.length === 0;
}

function ofDocument(
  transaction: Transaction,
  source: TransactionAuthSource,
  login: Login,
  document: DocRef,
): Auth | undefined {
  if (transaction.get(document) === undefined) return undefined;
  const nobody = Auth.roles([], login, source, document);
  const roles = membershipsOf(transaction, source, document)
    .filter(
      ({ predicate }) =>
        predicate === undefined || source.test(predicate, "membership", { ref: document }, nobody),
    )
    .map(({ role }) => role);
  return Auth.roles([...new Set(roles)], login, source, document);
}

function documentNamed(
  transaction: Transaction,
  collection: string,
  id: string,
): DocRef | undefined {
  if (!/^\d{1,19}$/.test(id)) return undefined;
  const found = transaction.definitions.find(NATIVE.Collection, collection);
  if (found === undefined || !isUserCollection(Number(found.ref.id))) return undefined;
  return new DocRef(Number(found.ref.id), BigInt(id));
}

function current(
  database: Database,
  collection: number,
  id: bigint,
  now: bigint,
): ObjectData | undefined {
  const version = database.store(collection).versions(id)?.at(-1);
  if (version === undefined || version.isDeleted) return undefined;
  return version.ttl !== undefined && version.ttl <= now ? undefined : version.fields;
}
