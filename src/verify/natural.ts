/** Differences that Fauna makes: no copy could be without them, so they are listed apart. */
import type { ComparisonOfCollection } from "./comparison.ts";
import type { SchemaComparison } from "./definitions.ts";

export interface NaturalNote {
  readonly code: "expired" | "new_ts" | "spelling" | "audience" | "definition";
  readonly message: string;
  /** Null for what concerns the schema. */
  readonly collection: string | null;
  readonly count: number;
  /** Ids, or kinds and names of definitions. */
  readonly examples: readonly string[];
}

const MESSAGES = {
  expired: "On one side only; the ttl has passed, and Fauna shows the document no more.",
  new_ts:
    "The same under another ts: only FQL v10 writes nulls inside arrays, and it gives a new one.",
  spelling:
    "The same in another spelling: Fauna keeps how FQL wrote it, and schema files show both alike.",
  audience: "Fauna makes an audience for every access provider.",
  definition: "The server's own: when it was written, its id, whether it has been built.",
} as const;

const EXAMPLES = 10;

/** What there is any of. */
export function naturalNotes(
  { natural }: SchemaComparison,
  collections: readonly ComparisonOfCollection[],
): NaturalNote[] {
  const ofDocuments = collections.flatMap(({ name, counts, ids }) =>
    (
      [
        ["expired", "expired"],
        ["new_ts", "newTs"],
      ] as const
    ).map(([code, kind]) => note(code, name, counts[kind], ids[kind])),
  );
  const ofSchema = (["spelling", "audience", "definition"] as const).map((code) => {
    const concerned = natural.filter(({ isSpelling, member }) => {
      if (isSpelling) return code === "spelling";
      return code === (member === "audience" ? "audience" : "definition");
    });
    const names = [...new Set(concerned.map(({ kind, name }) => `${kind} ${name}`))];
    return note(code, null, names.length, names);
  });
  return [...ofDocuments, ...ofSchema].filter(({ count }) => count > 0);
}

function note(
  code: NaturalNote["code"],
  collection: string | null,
  count: number,
  examples: readonly string[],
): NaturalNote {
  const message = MESSAGES[code];
  return { code, message, collection, count, examples: examples.slice(0, EXAMPLES) };
}
