import type { DefinitionKind, DefinitionLine } from "../../src/archive/archive.ts";
import type { ImportSource } from "../../src/import/source.ts";

/** A source of nothing but a schema and the names of collections. */
export function importSource({
  files = {},
  definitions = {},
  collections = [],
}: {
  readonly files?: Readonly<Record<string, string>>;
  readonly definitions?: Partial<Record<DefinitionKind, readonly DefinitionLine[]>>;
  readonly collections?: readonly string[];
}): ImportSource {
  const schema = new Map(Object.entries(files));
  const lines = new Map(Object.entries(definitions) as [DefinitionKind, DefinitionLine[]][]);
  return {
    place: "memory:",
    title: "a source of a test",
    identity: "test",
    hasSchema: schema.size + lines.size > 0,
    files: schema,
    definitions: lines,
    collections: collections.map((name) => ({ name, documents: 3 })),
    leftOut: [],
    async *records() {},
  };
}
