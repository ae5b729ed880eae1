/** Access providers: issuers of tokens that this database trusts. */
import { NATIVE } from "../../../data/ids.ts";
import {
  type Data,
  DocRef,
  isArrayData,
  isObjectData,
  type ObjectData,
} from "../../../data/value.ts";
import { audience } from "../../../schema/definitions.ts";
import type { FieldFailure } from "../../failure.ts";
import { dataField, invalidType, isText, nameField, requiredField } from "../field.ts";
import type { Kind } from "./kind.ts";

const CHECKS = [
  nameField,
  dataField,
  requiredField("issuer", "String", isText),
  requiredField("jwks_uri", "String", isText),
  uriField,
  rolesField,
];

export const accessProviderKind: Kind = {
  collection: NATIVE.AccessProvider,
  members: new Set(["name", "issuer", "jwks_uri", "roles", "data"]),
  retained: new Set(["audience"]),
  kept: new Set(["name", "issuer", "jwks_uri", "roles"]),
  validate: (fields) => CHECKS.flatMap((check) => check(fields)),
  complete: (fields, { frame }) =>
    new Map([...fields, ["audience", audience(frame.session.transaction)]]),
};

function uriField(fields: ObjectData): FieldFailure[] {
  const uri = fields.get("jwks_uri");
  if (typeof uri !== "string" || uri.startsWith("https://")) return [];
  return [
    { field: ["jwks_uri"], code: "invalid uri", description: `\`${uri}\` is a not valid URI` },
  ];
}

function rolesField(fields: ObjectData): FieldFailure[] {
  const roles = fields.get("roles");
  const items = isArrayData(roles) ? roles : roles === undefined || roles === null ? [] : [roles];
  return items
    .filter((item) => !isRoleOrConditional(item))
    .map((item) => invalidType(["roles"], item, "Role"));
}

function isRoleOrConditional(item: Data): boolean {
  const role = isObjectData(item) ? item.get("role") : item;
  return typeof role === "string" || (role instanceof DocRef && role.collection === NATIVE.Role);
}
