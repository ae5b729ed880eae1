/** Functions: v4 makes and changes those whose body is a lambda; v10's keep their text. */
import { NATIVE } from "../../../data/ids.ts";
import { StoredLambda } from "../../../data/value.ts";
import { schemaInvalid } from "../../failure.ts";
import { dataField, nameField, requiredField } from "../field.ts";
import type { Kind } from "./kind.ts";
import { roleFailures, roleField } from "./role-name.ts";

const CHECKS = [
  nameField,
  dataField,
  requiredField(
    "body",
    "Query",
    (body) => body instanceof StoredLambda || typeof body === "string",
  ),
];

export const functionKind: Kind = {
  collection: NATIVE.Function,
  members: new Set(["name", "body", "role", "data"]),
  retained: new Set(["alias", "signature"]),
  kept: new Set(["name"]),
  validate: (fields, write) => [
    ...CHECKS.flatMap((check) => check(fields)),
    ...roleField(fields, "role"),
    ...roleFailures(fields, "role", write.frame.session.transaction),
  ],
  refuse(fields, { before, position }) {
    const body = fields.get("body");
    if (typeof body !== "string" || body === before?.get("body")) return [];
    return [schemaInvalid("Invalid type provided for field `body`.", position)];
  },
};
