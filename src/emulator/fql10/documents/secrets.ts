/** Child databases, keys, tokens and credentials. */
import { Time } from "../../../values/time.ts";
import { issueKey, issueToken } from "../../auth/issue.ts";
import { isBuiltinRole } from "../../auth/permissions.ts";
import { checkHash, hashPassword } from "../../auth/secret.ts";
import { type CollectionId, NATIVE, nativeName } from "../../data/ids.ts";
import {
  type Data,
  DocRef,
  dropNullMembers,
  mergeObjects,
  type ObjectData,
  sameRef,
} from "../../data/value.ts";
import { identifier } from "../../schema/definition-rules.ts";
import type { Violation } from "../../schema/failure.ts";
import {
  check,
  type FieldShape,
  objectOfAny,
  type ObjectShape,
  optional,
  record,
  scalar,
  STRING,
  violation,
} from "../../schema/shape.ts";
import type { Context } from "../interpreter/context.ts";
import { Doc, type ObjectOf, type Value } from "../values.ts";
import { toFields } from "./convert.ts";
import { guarded } from "./guard.ts";
import { constraintFailure, needWrite, reservedNames, takeId } from "./write.ts";
import { Version } from "../../data/version.ts";

const textOf = (data: Data | undefined): string => (typeof data === "string" ? data : "");

const DATA = optional(objectOfAny());
const TTL = optional(scalar("Time"));
const READ_ONLY_TEXT: FieldShape = { type: optional(STRING), readOnly: true };

const priority = (path: readonly (string | number)[], value: Data): Violation[] =>
  typeof value === "bigint" && (value < 1n || value > 500n)
    ? [violation(path, "The field value must be an integer between 1 and 500.")]
    : [];

const SHAPES: ReadonlyMap<CollectionId, ObjectShape> = new Map([
  [
    NATIVE.Database,
    record({
      name: { type: STRING, validate: identifier },
      priority: { type: optional(scalar("Long")), validate: priority },
      typechecked: optional(scalar("Boolean")),
      protected: optional(scalar("Boolean")),
      global_id: READ_ONLY_TEXT,
      data: DATA,
    }),
  ],
  [
    NATIVE.Key,
    record({
      role: STRING,
      database: optional(STRING),
      ttl: TTL,
      data: DATA,
      secret: READ_ONLY_TEXT,
    }),
  ],
  [
    NATIVE.Token,
    record({ document: scalar("AnyDoc"), ttl: TTL, data: DATA, secret: READ_ONLY_TEXT }),
  ],
  [NATIVE.Credential, record({ document: scalar("AnyDoc"), password: optional(STRING) })],
]);

/** Members that only the server knows; they survive every write. */
const KEPT = ["hashed_secret", "global_id", "hashed_password"];

/** Creates one of these documents. `authorise` is asked once its id and fields are known. */
export function createNative(
  context: Context,
  collection: CollectionId,
  object: ObjectOf,
  authorise: (ref: DocRef, fields: ObjectData) => void,
): Doc {
  const { transaction } = context.query;
  const message = `Failed to create ${nativeName(collection)}.`;
  const named = collection === NATIVE.Database;
  const { id, rest } = named
    ? { id: undefined, rest: object }
    : takeId(context, "metadata", object, message);
  const given = toFields(context, rest);
  const fields = dropNullMembers(given);
  refuse(context, message, [
    ...reservedNames(given, false, ["ttl", "data"]),
    ...violationsOf(context, collection, fields, undefined),
  ]);
  const ref = id === undefined ? transaction.newRef(collection) : new DocRef(collection, id);
  if (transaction.get(ref) !== undefined) {
    throw context.failure(
      "document_id_exists",
      `Collection \`${nativeName(collection)}\` already contains document with id ${ref.id}.`,
    );
  }
  authorise(ref, fields);
  const { stored, secret } = issued(context, ref, asStored(context, fields));
  refuseSecond(context, ref, stored);
  const version = guarded(context, () => transaction.create(ref, stored));
  if (secret === undefined)
    return new Doc(collection, ref.id, named ? { name: textOf(fields.get("name")) } : {});
  // The secret is shown once, in the answer that made it.
  const shown = new Version(
    version.ts,
    version.action,
    new Map([...version.fields, ["secret", secret]]),
  );
  return new Doc(collection, ref.id, { version: shown });
}

/** Changes one of these documents. */
export function replaceNative(
  context: Context,
  doc: Doc,
  before: ObjectData,
  how: "update" | "replace",
  given: ObjectData,
): Doc {
  const { collection, id } = doc;
  const named = collection === NATIVE.Database;
  const subject = named
    ? `${nativeName(collection)} \`${textOf(before.get("name"))}\``
    : `${nativeName(collection)} with id ${id}`;
  const message = `Failed to update ${subject}.`;
  const visible = asShown(
    context,
    new Map(
      [...before].filter(([name]) => !KEPT.includes(name) || (named && name === "global_id")),
    ),
  );
  const after = how === "update" ? mergeObjects(visible, given) : dropNullMembers(given);
  refuse(context, message, [
    ...reservedNames(given, false, ["ttl", "data"]),
    ...violationsOf(context, collection, after, visible),
  ]);
  const kept = [...before].filter(([name]) => KEPT.includes(name));
  const stored = hashed(new Map([...asStored(context, after), ...kept]));
  const ref = new DocRef(collection, id);
  refuseSecond(context, ref, stored);
  guarded(context, () => context.query.transaction.replace(ref, stored));
  return new Doc(collection, id);
}

function refuse(context: Context, message: string, violations: readonly Violation[]): void {
  if (violations.length > 0) throw constraintFailure(context, message, violations);
}

function violationsOf(
  context: Context,
  collection: CollectionId,
  fields: ObjectData,
  before: ObjectData | undefined,
): Violation[] {
  const shape = SHAPES.get(collection);
  if (shape === undefined) return [];
  const violations = check(shape, [], fields, before).map((found) => ({
    ...found,
    message: found.message.replace(/AnyDoc/, "{ *: Any }"),
  }));
  return violations.length > 0 || collection !== NATIVE.Key
    ? violations
    : unknownNames(context, fields);
}

function unknownNames(context: Context, fields: ObjectData): Violation[] {
  const { definitions } = context.query.transaction;
  const violations: Violation[] = [];
  const role = fields.get("role");
  if (
    typeof role === "string" &&
    !isBuiltinRole(role) &&
    definitions.find(NATIVE.Role, role) === undefined
  ) {
    violations.push(violation(["role"], `Field refers to an unknown role name \`${role}\`.`));
  }
  const database = fields.get("database");
  if (typeof database === "string" && definitions.find(NATIVE.Database, database) === undefined) {
    violations.push(
      violation(["database"], `Field refers to an unknown database name \`${database}\`.`),
    );
  }
  return violations;
}

/** As both languages store it: a token's owner under v4's name, a key's database as a reference. */
function asStored(context: Context, fields: ObjectData): ObjectData {
  const { definitions } = context.query.transaction;
  return new Map(
    [...fields].map(([name, value]): [string, Data] => {
      if (name === "document") return ["instance", value];
      if (name !== "database" || typeof value !== "string") return [name, value];
      return [name, definitions.find(NATIVE.Database, value)?.ref ?? value];
    }),
  );
}

/** As v10 writes it. */
function asShown(context: Context, fields: ObjectData): ObjectData {
  const { definitions } = context.query.transaction;
  return new Map(
    [...fields].map(([name, value]): [string, Data] => {
      if (name === "instance") return ["document", value];
      if (name !== "database" || !(value instanceof DocRef)) return [name, value];
      return [name, definitions.nameOf(value) ?? value];
    }),
  );
}

function issued(
  context: Context,
  ref: DocRef,
  fields: ObjectData,
): { stored: ObjectData; secret: string | undefined } {
  if (ref.collection === NATIVE.Key || ref.collection === NATIVE.Token) {
    const made =
      ref.collection === NATIVE.Key
        ? issueKey(ref.id)
        : issueToken(ref.id, context.query.transaction.database);
    return { stored: new Map([...fields, ...made.fields]), secret: made.secret };
  }
  return { stored: hashed(fields), secret: undefined };
}

/** A password is stored as its hash. */
function hashed(fields: ObjectData): ObjectData {
  const password = fields.get("password");
  if (typeof password !== "string") return fields;
  const rest = [...fields].filter(([name]) => name !== "password" && name !== "hashed_password");
  return new Map<string, Data>([...rest, ["hashed_password", hashPassword(password)]]);
}

/** A document has one credential only. */
function refuseSecond(context: Context, ref: DocRef, fields: ObjectData): void {
  if (ref.collection !== NATIVE.Credential) return;
  const owner = fields.get("instance");
  for (const other of context.query.transaction.documents(NATIVE.Credential)) {
    const otherOwner = other.version.fields.get("instance");
    if (other.ref.id === ref.id || !(owner instanceof DocRef) || !(otherOwner instanceof DocRef))
      continue;
    if (!sameRef(owner, otherOwner)) continue;
    throw constraintFailure(context, "Failed unique constraint.", [
      violation(["document"], "Failed unique constraint"),
    ]);
  }
}

/** `credential.verify(secret)`. */
export function verifyPassword(context: Context, credential: Doc, secret: string): boolean {
  const hash = context.query
    .read(new DocRef(credential.collection, credential.id), undefined)
    ?.fields.get("hashed_password");
  return typeof hash === "string" && checkHash(secret, hash);
}

/** `credential.login(secret, ttl)`: a token for the credential's document. */
export function login(
  context: Context,
  credential: Doc,
  secret: string,
  ttl: Time | undefined,
): Doc {
  needWrite(context, "login");
  if (!verifyPassword(context, credential, secret)) {
    throw context.failure("invalid_secret", "Provided secret did not match.");
  }
  const fields = context.query.read(
    new DocRef(credential.collection, credential.id),
    undefined,
  )?.fields;
  const owner = fields?.get("instance");
  const document = owner instanceof DocRef ? new Doc(owner.collection, owner.id) : credential;
  const token = new Map<string, Value>([["document", document]]);
  if (ttl !== undefined) token.set("ttl", ttl);
  return createNative(context, NATIVE.Token, token, () => {});
}
