/** What differs between a set of documents and a changed copy of it is named: just those ids, just those fields. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/store/store.ts";
import type { DocumentRecord } from "../../src/values/record.ts";
import { diffDatabases } from "../../src/verify/diff.ts";
import { writeRecords } from "../support/archives.ts";

type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };

const name = fc.constantFrom("a", "b", "aB_1", "odd name", "@ref", "ü", "__proto__");

const { object } = fc.letrec<{ value: Plain; object: { [name: string]: Plain } }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Plain>(null, true, 0, 1, -7, "x", "", "NaN"),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc
    .uniqueArray(fc.tuple(name, tie("value")), { selector: ([key]) => key, maxLength: 4 })
    .map((members) => {
      const made = Object.create(null) as { [key: string]: Plain };
      for (const [key, value] of members) made[key] = value;
      return made;
    }),
}));

interface Document {
  readonly id: bigint;
  readonly ts: bigint;
  readonly data: { [name: string]: Plain };
}

const documents = fc
  .uniqueArray(
    fc.record<Document>({
      id: fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 63n - 1n)),
      ts: fc.bigInt(0n, 10n ** 15n),
      data: object,
    }),
    { selector: ({ id }) => id, maxLength: 60 },
  )
  .map((all) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1)));

/** What becomes of a document, by numbers that say where in it. */
const fate = fc.tuple(
  fc.constantFrom("stays", "stays", "stays", "goes", "changes", "grows", "loses", "ts"),
  fc.nat(1000),
);

/** v4's text of a value: an object with a member that begins with `@` is escaped. */
function print(value: Plain): string {
  if (Array.isArray(value)) return `[${value.map(print).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, each]) => `${JSON.stringify(key)}:${print(each)}`,
  );
  const text = `{${members.join(",")}}`;
  return Object.keys(value).some((key) => key.startsWith("@")) ? `{"@obj":${text}}` : text;
}

function record({ id, ts, data }: Document): DocumentRecord {
  return { id: String(id), ts, dataText: print(data) };
}

function below(path: string, key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** Every value in the data that is no object or array, with its path and what changes and removes it. */
function* leaves(
  value: Plain,
  path: string,
): Generator<{ path: string; set?: (to: Plain) => void; remove?: () => void }> {
  if (value === null || typeof value !== "object") return;
  const isArray = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const holder = value as { [name: string]: Plain };
    const inner = holder[key]!;
    const at = isArray ? `${path}[${key}]` : below(path, key);
    if (inner === null || typeof inner !== "object") {
      const set = (to: Plain) => void (holder[key] = to);
      // An item that goes lets those behind it move up.
      yield isArray ? { path: at, set } : { path: at, set, remove: () => delete holder[key] };
    } else yield* leaves(inner, at);
  }
}

/** The document after its fate, and the fields that have changed; undefined when it has none to change. */
function changed(
  document: Document,
  how: string,
  where: number,
): { document: Document; fields: string[] } | undefined {
  const data = structuredCloned(document.data);
  if (how === "ts")
    return { document: { ...document, ts: document.ts + 1n }, fields: ["changed ts"] };
  if (how === "grows") {
    data["new one"] = [where];
    return { document: { ...document, data }, fields: ['added data["new one"]'] };
  }
  const all = [...leaves(data, "data")].filter((leaf) => how === "changes" || leaf.remove);
  const leaf = all[where % Math.max(1, all.length)];
  if (leaf === undefined) return undefined;
  if (how === "changes") leaf.set!(`changed ${where}`);
  else leaf.remove!();
  const field = `${how === "changes" ? "changed" : "removed"} ${leaf.path}`;
  return { document: { ...document, data }, fields: [field] };
}

/** Only v10 writes those, and gives such a document a new ts: by Fauna's nature, and no difference. */
function holdsNullInArray(value: Plain): boolean {
  if (value === null || typeof value !== "object") return false;
  const all = Object.values(value);
  return (Array.isArray(value) && all.includes(null)) || all.some(holdsNullInArray);
}

/** As deep a copy, of objects without a prototype. */
function structuredCloned<T extends Plain>(value: T): T {
  if (Array.isArray(value)) return value.map(structuredCloned) as T;
  if (value === null || typeof value !== "object") return value;
  const copy = Object.create(null) as { [key: string]: Plain };
  for (const [key, each] of Object.entries(value)) copy[key] = structuredCloned(each);
  return copy as T;
}

describe("a copy in which some documents were changed", () => {
  it("differs by just those ids and just those fields", async () => {
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.array(fate, { minLength: 60, maxLength: 60 }),
        fc.tuple(fc.integer({ min: 100, max: 3000 }), fc.integer({ min: 100, max: 3000 })),
        async (before, fates, [one, other]) => {
          const after: Document[] = [];
          const expected = {
            removed: [] as string[],
            changed: new Map<string, string[]>(),
            newTs: 0,
          };
          for (const [index, document] of before.entries()) {
            const [how, where] = fates[index]!;
            const made = how === "stays" ? undefined : changed(document, how, where);
            if (how === "goes") expected.removed.push(String(document.id));
            else after.push(made?.document ?? document);
            if (how === "ts" && holdsNullInArray(document.data)) expected.newTs++;
            else if (how !== "goes" && made !== undefined)
              expected.changed.set(String(document.id), made.fields);
          }
          const [a, b] = [new MemoryStore(), new MemoryStore()];
          await writeRecords(a, [before.map(record)], { segmentBytes: one, frameBytes: 100 });
          await writeRecords(b, [after.map(record)], { segmentBytes: other, frameBytes: 100 });

          const there = await diffDatabases({ a, b });
          const [docs] = there.collections;
          expect(docs!.removed).toEqual({ count: expected.removed.length, ids: expected.removed });
          expect(docs!.added).toEqual({ count: 0, ids: [] });
          expect(docs!.changed.count).toBe(expected.changed.size);
          const fields = docs!.changed.documents.map(
            (each) => [each.id, each.fields.map(({ path, how }) => `${how} ${path}`)] as const,
          );
          expect(new Map(fields)).toEqual(expected.changed);
          expect([docs!.a, docs!.b]).toEqual([before.length, after.length]);
          const natural = there.natural.map(({ code, count }) => [code, count]);
          expect(natural).toEqual(expected.newTs === 0 ? [] : [["new_ts", expected.newTs]]);
          const isEqual = expected.removed.length + expected.changed.size === 0;
          expect(there.equal).toBe(isEqual);

          const back = await diffDatabases({ a: b, b: a });
          expect(back.collections[0]!.added.ids).toEqual(expected.removed);
          const withoutTs = await diffDatabases({ a, b, ignoreTs: true });
          const onlyTs = [...expected.changed.values()].filter(([first]) => first === "changed ts");
          expect(withoutTs.collections[0]!.changed.count).toBe(
            expected.changed.size - onlyTs.length,
          );
        },
      ),
      { numRuns: 150, endOnFailure: true },
    );
  });
});
