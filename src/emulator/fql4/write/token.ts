/** Tokens: a secret that acts as a document. */
import { issueToken } from "../../auth/issue.ts";
import { NATIVE } from "../../data/ids.ts";
import {
  type Data,
  DocRef,
  EMPTY_OBJECT,
  mergeObjects,
  type ObjectData,
} from "../../data/value.ts";
import type { Version } from "../../data/version.ts";
import { V4Failure, validationFailed } from "../failure.ts";
import type { Frame } from "../frame.ts";
import type { Position } from "../position.ts";
import { storing } from "./errors.ts";
import { dataField, isText, optionalField, pick, requiredField, ttlField } from "./field.ts";

const MEMBERS = new Set(["instance", "hashed_secret", "global_id", "data", "ttl"]);

const CHECKS = [
  requiredField("instance", "Ref", (value) => value instanceof DocRef),
  optionalField("hashed_secret", "String", isText),
  dataField,
  ttlField,
];

/** What a write stored, and what its answer shows: the secret once, the hash never. */
export interface Written {
  readonly ref: DocRef;
  readonly version: Version;
  readonly shown: ObjectData;
}

/** A new token, with a secret unless a hash is given; one made with a hash never authenticates (live 25). */
export function createToken(
  frame: Frame,
  given: DocRef | undefined,
  params: ObjectData,
  position: Position,
): Written {
  const { transaction, database } = frame.session;
  const ref = given ?? transaction.newRef(NATIVE.Token);
  const fields = checked(mergeObjects(EMPTY_OBJECT, params), position);
  const issued = fields.has("hashed_secret") ? undefined : issueToken(ref.id, database);
  const stored = issued ? new Map<string, Data>([...fields, ...issued.fields]) : fields;
  const version = storing(frame.version, position, true, () => transaction.create(ref, stored));
  const shown = new Map(version.fields);
  hide(shown);
  if (issued) shown.set("secret", issued.secret);
  return { ref, version, shown };
}

/** A token with other data, or another hash. */
export function updateToken(
  frame: Frame,
  ref: DocRef,
  before: ObjectData,
  params: ObjectData,
  position: Position,
): Written {
  const { transaction } = frame.session;
  const fields = checked(mergeObjects(before, params), position);
  const version = storing(frame.version, position, false, () => transaction.replace(ref, fields));
  const shown = new Map(version.fields);
  hide(shown);
  return { ref, version, shown };
}

function checked(all: ObjectData, position: Position): ObjectData {
  const fields = pick(all, MEMBERS);
  const failures = CHECKS.flatMap((check) => check(fields));
  if (failures.length > 0) throw new V4Failure([validationFailed(failures, position)]);
  return fields;
}

function hide(shown: Map<string, Data>): void {
  shown.delete("hashed_secret");
  shown.delete("global_id");
}
