/** The native collections under their names in both protocols. */

interface NativeCollection {
  /** What v4 calls it, as the id of a ref. */
  readonly v4: string;
  /** What v10 calls it, as a module. */
  readonly v10: string;
  /** Whether its documents are named rather than numbered. */
  readonly named: boolean;
}

// Indexes are missing on purpose: v10 has no name for them and shows "[legacy index x]" (facts: interplay).
const NATIVES: readonly NativeCollection[] = [
  { v4: "collections", v10: "Collection", named: true },
  { v4: "functions", v10: "Function", named: true },
  { v4: "roles", v10: "Role", named: true },
  { v4: "databases", v10: "Database", named: true },
  { v4: "access_providers", v10: "AccessProvider", named: true },
  { v4: "keys", v10: "Key", named: false },
  { v4: "tokens", v10: "Token", named: false },
  { v4: "credentials", v10: "Credential", named: false },
];

const BY_V4 = new Map(NATIVES.map((native) => [native.v4, native]));
const BY_V10 = new Map(NATIVES.map((native) => [native.v10, native]));

/** The native collection that v4 calls `name`, if v10 knows it too. */
export function nativeOfV4(name: string): NativeCollection | undefined {
  return BY_V4.get(name);
}

/** The native collection that v10 calls `name`. */
export function nativeOfV10(name: string): NativeCollection | undefined {
  return BY_V10.get(name);
}
