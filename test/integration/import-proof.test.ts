/** What the proof of an import finds, range by range. */
import { expect, it } from "vitest";
import { IdRanges } from "../../src/import/id-ranges.ts";
import { CollectionProof, Moment } from "../../src/import/proof.ts";
import { newCollectionTally } from "../../src/import/tally.ts";
import { makeRecord } from "../../src/values/record.ts";
import { Bench } from "../support/bench.ts";
import { importSource } from "../support/import-source.ts";
import { insert } from "../support/sample-databases.ts";

it("documents that are missing or too many are found in whichever range of ids they are, and expired ones are neither", async () => {
  await using bench = await Bench.start();
  const target = await bench.emptyDatabase();
  await target.v4('{"do":[{"create_collection":{"object":{"name":"C"}}},null]}');
  const ids = Array.from({ length: 60 }, (_, n) => String(10 + n * 10));
  const lost = new Set(["10", "250", "600"]);
  const expired = "130";
  const refused = "400";
  for (const id of ids)
    if (!lost.has(id) && id !== expired && id !== refused) await insert(target, "C", id, "{}");
  const written = ids.map((id) =>
    makeRecord(id, "1", {
      ttl: id === expired ? "2001-01-01T00:00:00Z" : undefined,
      dataText: "{}",
    }),
  );
  const source = {
    ...importSource({ collections: ["C"] }),
    async *records() {
      for (let at = 0; at < written.length; at += 5) yield written.slice(at, at + 5);
    },
  };
  const tally = newCollectionTally("C");
  tally.read = ids.length;
  tally.refusedIds.add(refused);
  const prove = async () => {
    const expected = new IdRanges(10);
    for await (const records of source.records()) {
      expected.saw(records);
      for (const { id } of records) if (id !== refused) expected.add(id);
    }
    const signal = AbortSignal.timeout(60_000);
    const proof = new CollectionProof(
      target,
      source,
      { tally, ids: expected },
      { moment: new Moment(target, signal), signal, timeoutMs: undefined, onProgress: () => {} },
    );
    expect(expected.ranges.length).toBe(6);
    for (const range of expected.ranges.keys()) await proof.compare(range);
    await proof.end();
  };
  for (const id of ["1", "333", "9000"]) await insert(target, "C", id, "{}");
  await expect(prove()).rejects.toMatchObject({
    code: "ERR_MISMATCH",
    message: "C does not hold what was written: 3 missing (10, 250, 600), 3 extra (1, 333, 9000).",
    details: { missing: ["10", "250", "600"], extra: ["1", "333", "9000"] },
  });
  for (const id of lost) await insert(target, "C", id, "{}");
  await target.v4(
    `{"do":[${["1", "333", "9000"].map((id) => `{"delete":{"ref":{"collection":"C"},"id":"${id}"}}`).join(",")},null]}`,
  );
  await prove();
});

it("a target that takes longer to be compared than its history reaches is looked at later again", async () => {
  const HOUR_US = 3_600_000_000n;
  let ahead = 0n;
  const clock = () => BigInt(Date.now()) * 1000n + ahead;
  await using bench = await Bench.start({ clock });
  const target = await bench.emptyDatabase();
  await target.v4('{"create_collection":{"object":{"name":"C","history_days":0}}}');
  const written = Array.from({ length: 60 }, (_, n) => makeRecord(String(n + 1), "1", {}));
  for (const { id } of written) await insert(target, "C", id, "{}");
  const ids = new IdRanges(20);
  for (let at = 0; at < written.length; at += 5) {
    ids.saw(written.slice(at, at + 5));
    for (const { id } of written.slice(at, at + 5)) ids.add(id);
  }
  const { signal } = new AbortController();
  const moment = new Moment(target, signal);
  const source = {
    ...importSource({ collections: ["C"] }),
    async *records() {
      yield written;
    },
  };
  const tally = newCollectionTally("C");
  const options = { moment, signal, timeoutMs: undefined, onProgress: () => {} };
  const proof = new CollectionProof(target, source, { tally, ids }, options);
  expect(ids.count).toBe(3);
  const first = await moment.at;
  await proof.compare(0);
  ahead += HOUR_US;
  await Promise.all([proof.compare(1), proof.compare(2)]);
  expect(await moment.at).toBeGreaterThan(first);
  await proof.end();
  await target.v4('{"delete":{"ref":{"collection":"C"},"id":"30"}}');
  // What is there is looked at as it is from now on.
  await moment.expired(await moment.at);
  await proof.compare(1);
  ahead += HOUR_US;
  await expect(proof.end()).rejects.toMatchObject({
    code: "ERR_MISMATCH",
    details: { missing: ["30"], extra: [] },
  });
});
