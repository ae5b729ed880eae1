/** Names that definitions cannot have. */
import { isGlobalName, isIdentifier, isKeyword, SPECIAL_FIELD_NAMES } from "../../fsl/fsl.ts";

/** Functions of a collection: no index can be called so. */
const COLLECTION_METHODS: ReadonlySet<string> = new Set(
  "all byId create createAll createData definition firstWhere name toString where".split(" "),
);

/** Fields and functions of a document: no field can be called so. */
const DOCUMENT_METHODS: ReadonlySet<string> = new Set([
  ..."id coll ts ttl data delete update replace updateData replaceData exists toString".split(" "),
  ...SPECIAL_FIELD_NAMES,
]);

/** Whether the language itself has something of this name. */
export function isReservedGlobal(name: string): boolean {
  return isGlobalName(name) || isKeyword(name) || name === "_";
}

/** Whether an index of this name would hide something that collections have. */
export function isReservedInCollection(name: string): boolean {
  return COLLECTION_METHODS.has(name);
}

/** Whether a field of this name would hide something that documents have. */
export function isReservedInDocument(name: string): boolean {
  return DOCUMENT_METHODS.has(name);
}

/** Whether v10 takes `name` for a definition. */
export function isValidName(name: string): boolean {
  return isIdentifier(name) && name !== "_";
}
