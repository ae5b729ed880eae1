/**
 * Definitions that only their spelling tells apart.
 *
 * Fauna keeps what FQL wrote as it was written (`"email"`, `(c) => c.first`), and what a schema file wrote in the
 * file's way (`".email"` with `mva: false`, a body in braces). Its schema files show both alike. A database made by FQL
 * and restored from its files therefore means the same under another spelling; where the files say so, it is the same.
 */
import type { DefinitionKind } from "../fauna/fauna.ts";
import { type FslKind, printItem, readFsl } from "../fsl/fsl.ts";

const KINDS: Readonly<Record<FslKind, DefinitionKind>> = {
  collection: "collections",
  function: "functions",
  role: "roles",
  "access provider": "access_providers",
};

/** What the schema language can say of each kind. */
const SAID: Readonly<Partial<Record<DefinitionKind, ReadonlySet<string>>>> = {
  collections: new Set([
    "alias",
    "fields",
    "computed_fields",
    "wildcard",
    "migrations",
    "constraints",
    "indexes",
    "history_days",
    "ttl_days",
    "document_ttls",
  ]),
  functions: new Set(["alias", "body", "signature", "role"]),
  roles: new Set(["privileges", "membership"]),
  access_providers: new Set(["issuer", "jwks_uri", "roles"]),
};

/** Every item of schema files, by kind and name, printed in one way. A file that cannot be read says nothing. */
export type SaidInFiles = ReadonlyMap<string, string>;

export function saidInFiles(files: ReadonlyMap<string, string>): SaidInFiles {
  const said = new Map<string, string>();
  for (const content of files.values()) {
    for (const item of readFsl(content).items) {
      said.set(key(KINDS[item.kind], item.name.text), printItem(item));
    }
  }
  return said;
}

interface Difference {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** The members that are spelled differently. */
  readonly members: readonly string[];
  /** Which protocol made the definition, on either side. */
  readonly madeBy: readonly ("v4" | "v10")[];
}

/** The members of `members` that differ by more than spelling. */
export function withoutSpelling(
  { kind, name, members, madeBy }: Difference,
  left: SaidInFiles,
  right: SaidInFiles,
): readonly string[] {
  // Files show v4's access providers without their predicates (facts §6.5): what differs there, they do not tell.
  if (kind === "access_providers" && madeBy.includes("v4")) return members;
  const text = left.get(key(kind, name));
  if (text === undefined || text !== right.get(key(kind, name))) return members;
  return members.filter((member) => SAID[kind]?.has(member) !== true);
}

function key(kind: DefinitionKind, name: string): string {
  return `${kind}/${name}`;
}
