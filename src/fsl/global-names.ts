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

/** Whether the language itself has a module, type or function of this name. */
export function isGlobalName(name: string): boolean {
  return GLOBALS.has(name);
}
