/** Writing definitions: databases, collections, indexes, functions, roles, access providers, keys. */
import { isNamedKind, NATIVE } from "../../data/ids.ts";
import { type Data, mergeObjects, type ObjectData, objectOf } from "../../data/value.ts";
import type { Version } from "../../data/version.ts";
import { stagedSchema } from "../../schema/pin.ts";
import { renameReferences } from "../../schema/renames.ts";
import { fail, schemaInvalid, V4Error, V4Failure, validationFailed } from "../failure.ts";
import { alreadyExists, storing } from "./errors.ts";
import { pick } from "./field.ts";
import { accessProviderKind } from "./kinds/access-provider.ts";
import { collectionKind } from "./kinds/collection.ts";
import { databaseKind } from "./kinds/database.ts";
import { functionKind } from "./kinds/function.ts";
import { indexKind } from "./kinds/index.ts";
import { keyKind, withNewSecret } from "./kinds/key.ts";
import type { DefinitionWrite, Kind } from "./kinds/kind.ts";
import { roleKind } from "./kinds/role.ts";
import type { Written } from "./token.ts";

const KINDS: ReadonlyMap<number, Kind> = new Map(
  [
    accessProviderKind,
    collectionKind,
    databaseKind,
    functionKind,
    indexKind,
    keyKind,
    roleKind,
  ].map((kind) => [kind.collection, kind]),
);

/** How documents of a native collection are written; undefined if they are no definitions. */
export function kindOf(collection: number): Kind | undefined {
  return KINDS.get(collection);
}

/** A new definition. */
export function createDefinition(kind: Kind, params: ObjectData, write: DefinitionWrite): Written {
  const given = pick(params, kind.members);
  // A null that is given keeps the default away (live 20).
  const fields = objectOf(new Map([...(kind.defaults ?? []), ...given]));
  return put(kind, fields, write);
}

/** A definition with some or all of its fields changed. */
export function changeDefinition(
  kind: Kind,
  before: ObjectData,
  params: ObjectData,
  isPartial: boolean,
  write: DefinitionWrite,
): Written {
  const writable = new Set([...kind.members].filter((name) => !kind.final?.has(name)));
  const given = pick(params, writable);
  const staying = new Set([...kind.kept, ...(kind.retained ?? [])]);
  const base = isPartial ? before : pick(before, staying);
  return put(kind, retaining(kind, mergeObjects(base, given)), { ...write, before });
}

/** What v10 has defined is put back behind what v4 has written, in an order of its own. */
function retaining(kind: Kind, fields: ObjectData): ObjectData {
  const ordered = new Map(fields);
  for (const name of kind.moved ?? []) {
    const value = fields.get(name);
    if (value === undefined) continue;
    ordered.delete(name);
    ordered.set(name, value);
  }
  return ordered;
}

/** Takes a definition away, and what hangs on it. */
export function deleteDefinition(kind: Kind, write: DefinitionWrite): Version {
  const { frame, ref, position } = write;
  refuseStaged(kind, write);
  refuseAll(kind.refuseDeletion?.(write));
  const { transaction } = frame.session;
  const version = storing(frame.version, position, false, () => transaction.delete(ref));
  kind.deleted?.(write);
  return version;
}

function put(kind: Kind, merged: ObjectData, write: DefinitionWrite): Written {
  const { frame, ref, before, position } = write;
  const { transaction } = frame.session;
  const fields = withoutEmptyData(merged);
  const failures = kind.validate(fields, write);
  if (failures.length > 0) throw new V4Failure([validationFailed(failures, position)]);
  refuseTaken(kind, fields, write);
  refuseAll(kind.refuse?.(fields, write));
  refuseStaged(kind, write);
  const complete = kind.complete?.(fields, write) ?? fields;
  const { stored, secret } =
    kind === keyKind && before === undefined
      ? withNewSecret(complete, write)
      : { stored: complete, secret: undefined };
  const isCreation = before === undefined;
  const version = storing(frame.version, position, isCreation, () =>
    isCreation ? transaction.create(ref, stored) : transaction.replace(ref, stored),
  );
  if (before !== undefined && isNamedKind(ref.collection)) {
    renameReferences(transaction, ref, before, stored);
  }
  kind.written?.(version.fields, write);
  const shown = new Map(version.fields);
  if (secret !== undefined) {
    // The secret is shown before its hash.
    shown.delete("hashed_secret");
    shown.set("secret", secret);
    shown.set("hashed_secret", version.fields.get("hashed_secret") ?? null);
  }
  return { ref, version, shown };
}

function withoutEmptyData(fields: ObjectData): ObjectData {
  const data: Data | undefined = fields.get("data");
  if (!(data instanceof Map) || data.size > 0) return fields;
  return new Map([...fields].filter(([name]) => name !== "data"));
}

/** A new definition whose name is taken; that is looked at before what it is made of. */
function refuseTaken(kind: Kind, fields: ObjectData, write: DefinitionWrite): void {
  const { frame, before, position } = write;
  const name = fields.get("name");
  if (before !== undefined || typeof name !== "string" || kind.collection === NATIVE.Key) return;
  const { definitions } = frame.session.transaction;
  const isTaken =
    kind.collection === NATIVE.Collection || kind.collection === NATIVE.Function
      ? definitions.findModule(name) !== undefined
      : definitions.find(kind.collection, name) !== undefined;
  if (isTaken) fail(alreadyExists(kind.collection, frame.version, position));
}

function refuseAll(errors: readonly V4Error[] = []): void {
  if (errors.length > 0) throw new V4Failure(errors);
}

/** While a schema is staged, v4 changes no definitions (live 29). */
function refuseStaged(kind: Kind, { frame, position }: DefinitionWrite): void {
  if (kind.collection === NATIVE.Key || stagedSchema(frame.session.transaction) === undefined)
    return;
  fail(schemaInvalid("Cannot update schema from FQL v4 if schema has been staged.", position));
}
