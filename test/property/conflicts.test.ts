/**
 * Any documents of an archive over anything that a database holds under the same ids: what a reader sees afterwards is
 * what a model of one line a policy says, and a repetition changes nothing.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Connection } from "../../src/fauna/fauna.ts";
import { CONFLICT_POLICIES, type ConflictPolicy, importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { isArkError } from "../../src/errors/errors.ts";
import { writeRecords } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { documentsAt } from "../support/independent-reader.ts";

let bench: Bench;
let folder: string;

beforeAll(async () => {
  bench = await Bench.start();
  folder = await mkdtemp(join(tmpdir(), "fauna-ark-test-"));
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const START = 1_700_000_000_000_000n;

interface Version {
  readonly ts: number;
  /** Undefined for a deletion. */
  readonly data: string | undefined;
}

const DATA = [
  '{"n":1}',
  '{"n":1.0}',
  '{"n":{"@double":"NaN"}}',
  '{"n":"NaN"}',
  '{"n":[null,1]}',
  "{}",
] as const;

const data = fc.constantFrom(...DATA);
const ts = fc.integer({ min: 1, max: 5 });
const archived = fc.dictionary(
  fc.integer({ min: 1, max: 12 }).map(String),
  fc.record({ ts, data }),
  {
    minKeys: 1,
  },
);
/** What the target has under each id: its newest version, and perhaps one before. */
const held = fc.dictionary(
  fc.integer({ min: 1, max: 14 }).map(String),
  fc.record({
    ts,
    // Nulls in arrays have no ts of their own to be put under.
    data: fc.constantFrom(undefined, ...DATA.filter((text) => !text.includes("null"))),
    before: fc.option(
      data.filter((text) => !text.includes("null")),
      { nil: undefined },
    ),
  }),
);

/** What a reader sees afterwards; undefined when the policy refuses it all. */
function model(
  policy: ConflictPolicy,
  source: Readonly<Record<string, Version>>,
  target: Readonly<Record<string, Version>>,
  mirror: boolean,
): Map<string, string> | undefined {
  const seen = new Map<string, string>();
  for (const id of new Set([...Object.keys(source), ...Object.keys(target)])) {
    const [mine, theirs] = [source[id], target[id]];
    const isNewer = mine !== undefined && (theirs === undefined || mine.ts > theirs.ts);
    const same = mine?.data === theirs?.data;
    let result: string | undefined;
    if (mine === undefined) result = mirror ? undefined : theirs?.data;
    else if (theirs === undefined || same || policy === "replace") result = mine.data;
    else if (theirs.data === undefined || policy === "newer")
      result = isNewer ? mine.data : theirs.data;
    else result = theirs.data;
    if (policy === "fail" && mine !== undefined && theirs !== undefined && !same) {
      if (theirs.data !== undefined || !isNewer) return undefined;
    }
    if (result !== undefined) seen.set(id, result);
  }
  return seen;
}

async function put(target: Connection, id: string, { ts: at, data: text }: Version): Promise<void> {
  const ref = `{"ref":{"collection":"docs"},"id":"${id}"}`;
  const action = text === undefined ? "delete" : "create";
  const nan = text === '{"n":{"@double":"NaN"}}';
  const params = nan
    ? '{"object":{"data":{"object":{"n":{"to_double":"NaN"}}}}}'
    : `{"quote":{"data":${text ?? "{}"}}}`;
  await target.v4(
    `{"do":[{"insert":${ref},"ts":${START + BigInt(at)},"action":"${action}","params":${params}},null]}`,
  );
}

/** The documents as v10 prints them, which tells NaN from "NaN". */
async function visible(target: Connection): Promise<Map<string, string>> {
  const { dataText } = await target.v10("docs.all().map(d => [d.id.toString(), d.data]).toArray()");
  const rows = JSON.parse(dataText) as [string, unknown][];
  return new Map(rows.map(([id, value]) => [id, JSON.stringify(value)]));
}

const PRINTED: Readonly<Record<string, string>> = {
  '{"n":1}': '{"n":{"@int":"1"}}',
  '{"n":1.0}': '{"n":{"@double":"1.0"}}',
  '{"n":{"@double":"NaN"}}': '{"n":{"@double":"NaN"}}',
  '{"n":"NaN"}': '{"n":"NaN"}',
  '{"n":[null,1]}': '{"n":[null,{"@int":"1"}]}',
  "{}": "{}",
};

it("whatever is there, a reader sees afterwards what the policy says, and a repetition changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...CONFLICT_POLICIES),
      fc.boolean(),
      archived,
      held,
      async (policy, mirror, source, there) => {
        const archive = new MemoryStore();
        const records = Object.entries(source)
          .map(([id, each]) => ({ id, ts: START + BigInt(each.ts), dataText: each.data }))
          .toSorted((a, b) => Number(a.id) - Number(b.id));
        await writeRecords(archive, [records]);
        const target = await bench.emptyDatabase();
        await target.v4(
          '{"do":[{"create_collection":{"object":{"name":"docs","history_days":36500}}},null]}',
        );
        for (const [id, { before, ...newest }] of Object.entries(there)) {
          if (before !== undefined) await put(target, id, { ts: 0, data: before });
          await put(target, id, newest);
        }
        const before = await visible(target);
        const expected = model(policy, source, there, mirror);
        const extra = Object.keys(there).filter(
          (id) => there[id]!.data !== undefined && source[id] === undefined,
        );
        const options = {
          source: archive,
          target,
          onConflict: policy,
          deleteExtra: mirror,
          confirmDelete: extra.length,
          batchDocuments: 3,
          deadLetterFile: join(folder, "refused.ndjson"),
        };
        if (expected === undefined) {
          await expect(importArchive(options)).rejects.toSatisfy((error) =>
            isArkError(error, "ERR_TARGET_NOT_EMPTY"),
          );
          expect(await visible(target)).toEqual(before);
          return;
        }
        await importArchive(options);
        const printed = new Map([...expected].map(([id, text]) => [id, PRINTED[text]!]));
        expect(await visible(target)).toEqual(
          new Map([...printed].toSorted(([a], [b]) => Number(a) - Number(b))),
        );
        const at = String(9_000_000_000_000_000n);
        const all = await documentsAt(bench.endpoint, bench.secretOf(target), "docs", at);
        const { conflicts } = await importArchive(options);
        expect(conflicts).toMatchObject({ created: 0, replaced: 0, deleted: 0 });
        expect(await documentsAt(bench.endpoint, bench.secretOf(target), "docs", at)).toEqual(all);
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
});
