/** Keys: a secret with a role, for this database or a child. */
import { issueKey } from "../../../auth/issue.ts";
import { hashPassword, parseSecret } from "../../../auth/secret.ts";
import { NATIVE } from "../../../data/ids.ts";
import { type Data, DocRef, type ObjectData } from "../../../data/value.ts";
import type { FieldFailure } from "../../failure.ts";
import {
  dataField,
  invalidType,
  isLong,
  isText,
  optionalField,
  ttlField,
  valueRequired,
} from "../field.ts";
import type { DefinitionWrite, Kind } from "./kind.ts";
import { roleFailures, roleField } from "./role-name.ts";

const CHECKS = [
  dataField,
  ttlField,
  optionalField("priority", "Long", isLong),
  optionalField("hashed_secret", "String", isText),
];

export const keyKind: Kind = {
  collection: NATIVE.Key,
  members: new Set(["role", "database", "data", "ttl", "priority", "hashed_secret", "secret"]),
  final: new Set(["hashed_secret", "secret"]),
  kept: new Set(["hashed_secret"]),
  validate(fields, { frame, ref }) {
    const { transaction } = frame.session;
    return [
      ...(fields.has("role") ? [] : [valueRequired(["role"])]),
      ...roleField(fields, "role"),
      ...databaseField(fields),
      ...CHECKS.flatMap((check) => check(fields)),
      ...roleFailures(fields, "role", transaction),
      ...secretField(fields, ref),
    ];
  },
  complete(fields) {
    const secret = fields.get("secret");
    if (typeof secret !== "string") return fields;
    const stored = new Map<string, Data>([
      ...fields,
      ["hashed_secret", hashPassword(parseSecret(secret)?.random ?? secret)],
    ]);
    stored.delete("secret");
    return stored;
  },
};

/** The fields of a new key with its secret, which the answer shows once; none if it came with a hash. */
export function withNewSecret(fields: ObjectData, { ref }: DefinitionWrite): NewSecret {
  if (fields.has("hashed_secret")) return { stored: fields, secret: undefined };
  const issued = issueKey(ref.id);
  return { stored: new Map([...fields, ...issued.fields]), secret: issued.secret };
}

export interface NewSecret {
  readonly stored: ObjectData;
  readonly secret: string | undefined;
}

function databaseField(fields: ObjectData): FieldFailure[] {
  const database = fields.get("database");
  if (database === undefined || database === null) return [];
  const isDatabase = database instanceof DocRef && database.collection === NATIVE.Database;
  return isDatabase ? [] : [invalidType(["database"], database, "Database Ref")];
}

/** A secret that is given must be one of this key. */
function secretField(fields: ObjectData, ref: DocRef): FieldFailure[] {
  const secret = fields.get("secret");
  if (secret === undefined || secret === null) return [];
  if (typeof secret !== "string") return [invalidType(["secret"], secret, "String")];
  const parsed = parseSecret(secret);
  if (parsed?.kind === "key" && parsed.id === ref.id) return [];
  return [{ field: ["secret"], code: "invalid secret", description: "Invalid secret at `secret`" }];
}
