/** Names that definitions cannot have. */
import { isIdentifier, isKeyword, SPECIAL_FIELD_NAMES } from "../../fsl/fsl.ts";

/** Global names and types of FQL v10 (recording `fsl/environment`), and words that stand for types. */
const GLOBALS: ReadonlySet<string> = new Set(
  `AccessProvider AccessProviderCollection Any Array ArrayModule Boolean BooleanModule Bytes
    BytesModule Collection CollectionCollection CollectionDef Credential CredentialCollection
    Credentials Database DatabaseCollection DatabaseDef Date DateModule Doc DocModule Double
    DoubleModule EmptyNamedRef EmptyRef EventSource EventSourceModule FQL FQLModule Float
    FloatModule Function FunctionCollection FunctionDef ID IDModule Int IntModule Key KeyCollection
    Long LongModule Math MathModule NamedRef Never Null NullAccessProvider NullCollectionDef
    NullCredential NullDatabaseDef NullFunctionDef NullKey NullModule NullRole NullToken Number
    NumberModule Object ObjectModule Query QueryModule Ref Role RoleCollection Set SetCursor
    SetCursorModule SetModule Stream String StringModule Struct StructModule Time TimeModule Token
    TokenCollection TransactionTime TransactionTimeModule UUID UUIDModule UserFunction abort asc
    collection dbg desc function interface log newId object struct type`.split(/\s+/),
);

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
  return GLOBALS.has(name) || isKeyword(name) || name === "_";
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
