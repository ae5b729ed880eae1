/** Collections as v4 writes them: the fields of v10 stay as they are. */
import { NATIVE } from "../../../data/ids.ts";
import { dropIndexesOf } from "../../../schema/indexes.ts";
import { deletionViolations, protectionViolations } from "../../../schema/protected.ts";
import { schemaInvalid } from "../../failure.ts";
import { dataField, isLong, nameField, optionalField } from "../field.ts";
import type { Kind } from "./kind.ts";

const CHECKS = [
  nameField,
  dataField,
  optionalField("history_days", "Long", isLong),
  optionalField("ttl_days", "Long", isLong),
];

export const collectionKind: Kind = {
  collection: NATIVE.Collection,
  members: new Set(["name", "data", "history_days", "ttl_days"]),
  retained: new Set([
    "alias",
    "fields",
    "wildcard",
    "computed_fields",
    "constraints",
    "indexes",
    "migrations",
    "document_ttls",
  ]),
  moved: ["computed_fields", "fields", "migrations", "indexes", "constraints", "alias"],
  kept: new Set(["name", "history_days"]),
  defaults: [["history_days", 0n]],
  validate(fields) {
    const failures = CHECKS.flatMap((check) => check(fields));
    const days = fields.get("history_days");
    if (typeof days === "bigint" && days < 0n) {
      failures.push({
        field: ["history_days"],
        code: "non-negative value required",
        description: "Value must be non-negative.",
      });
    }
    return failures;
  },
  refuse(fields, { frame, before, position }) {
    if (before === undefined) return [];
    return protectionViolations(frame.session.transaction, before, fields).map(({ message }) =>
      schemaInvalid(message, position),
    );
  },
  refuseDeletion({ frame, position }) {
    return deletionViolations(frame.session.transaction).map(({ message }) =>
      schemaInvalid(message, position),
    );
  },
  deleted({ frame, ref }) {
    dropIndexesOf(frame.session.transaction, Number(ref.id));
  },
};
