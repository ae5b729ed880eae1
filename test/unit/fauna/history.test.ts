import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  connect,
  type Connection,
  type ConnectOptions,
  historiesOf,
  historyEdge,
  historyPages,
  snapshotTime,
} from "../../../src/fauna/fauna.ts";
import type { DocumentRecord } from "../../../src/values/record.ts";
import { cannedDatabase, v4Resource } from "../../support/canned-database.ts";
import { emulatorTarget } from "../../support/emulator.ts";
import { collect, each } from "../../support/generators.ts";
import type { Target } from "../../support/target.ts";

let fauna: Target;
let root: Connection;
let ahead = 0n;
const MINUTE = 60_000_000n;

beforeAll(async () => {
  fauna = await emulatorTarget({ clock: () => BigInt(Date.now()) * 1000n + ahead });
  root = connect(fauna);
  await root.v10('Collection.create({ name: "Kept", history_days: 9223372036854775807 })');
  await root.v10('Collection.create({ name: "Brief" })');
});
afterAll(async () => {
  await root.close();
  await fauna.close();
});

function opened(options: Partial<ConnectOptions>): Connection {
  const connection = connect({ ...fauna, ...options });
  onTestFinished(() => connection.close());
  return connection;
}

const versions = (records: readonly DocumentRecord[]) =>
  records.map(({ id, action, dataText }) => [id, action, dataText?.length]);

describe("the history of a collection", () => {
  it("is read in smaller requests when an answer would be too large", async () => {
    const large = "x".repeat(100_000);
    await root.v10(`Kept.create({ id: "1", text: "${large}", n: 0 })`);
    for (let n = 1; n <= 12; n++) await root.v10(`Kept.byId("1")!.update({ n: ${n} })`);
    const small = opened({ maxAnswerBytes: 450_000 });
    const at = await snapshotTime(small);
    const pages = await collect(historyPages(small, { collection: "Kept", at }));
    expect(pages.length).toBeGreaterThan(2);
    const records = pages.flatMap((page) => page.records);
    expect(records.map(({ dataText }) => /"n":(\d+)/.exec(dataText!)![1])).toEqual(
      Array.from({ length: 12 }, (_, n) => String(n)),
    );
    expect(pages.reduce((sum, { documents }) => sum + documents, 0)).toBe(1);
  });

  it("of some documents may hold their present versions, too", async () => {
    await root.v10('Kept.create({ id: "21", v: 1 })');
    await root.v10('Kept.create({ id: "22", v: 1 })');
    await root.v10('Kept.byId("22")!.delete()');
    const at = await snapshotTime(root);
    const ids = () => each([["21", "22", "23"]]);
    const request = { collection: "Kept", at };
    const past = await collect(historiesOf(root, ids(), request));
    expect(versions(past.flatMap(({ records }) => records))).toEqual([
      ["22", "create", 7],
      ["22", "delete", undefined],
    ]);
    const whole = await collect(historiesOf(root, ids(), { ...request, withPresent: true }));
    expect(versions(whole.flatMap(({ records }) => records))).toEqual([
      ["21", "create", 7],
      ["22", "create", 7],
      ["22", "delete", undefined],
    ]);
  });

  it("tells a version and its deletion of one time, of which nothing is ever seen, as the deletion", async () => {
    const ref = '{"ref":{"collection":"Kept"},"id":"31"}';
    const insert = (action: string) =>
      root.v4(`{"insert":${ref},"ts":1500000000000000,"action":"${action}","params":{"quote":{}}}`);
    await insert("create");
    await insert("delete");
    await root.v10('Kept.create({ id: "31", v: 1 })');
    const at = await snapshotTime(root);
    const pages = historiesOf(root, each([["31"]]), { collection: "Kept", at });
    const records = (await collect(pages)).flatMap((page) => page.records);
    expect(records).toEqual([{ id: "31", ts: 1_500_000_000_000_000n, action: "delete" }]);
  });

  it("of a document with very many versions is read as its events are listed, so that few of them are held", async () => {
    const count = 20_300;
    /** Of every two events one is a deletion at the same time, of which alone something is seen. */
    const tsOf = (n: number) => 1_500_000_000_000_000 + 10 * (n >> 1);
    const actionOf = (n: number) => (n % 2 === 0 ? "update" : "delete");
    const kinds: string[] = [];
    await using canned = await cannedDatabase(({ body }) => {
      if (!body.includes('"events":true')) {
        kinds.push("states");
        // What was there just before a time is the deletion of the time before: nothing.
        const asked = [...body.matchAll(/"i":"41","t":(\d+)/g)].map(() => "null");
        return v4Resource(`{"data":[${asked.join(",")}]}`);
      }
      kinds.push("events");
      const from = Number(/"after":\{"quote":\[(\d+)\]/.exec(body)?.[1] ?? 0);
      const next = Math.min(count, from + Number(/"size":(\d+)/.exec(body)![1]));
      const rows = Array.from(
        { length: next - from },
        (_, n) => `[${tsOf(from + n)},"${actionOf(from + n)}"]`,
      );
      const after = next < count ? `,"after":[${next}]` : "";
      const page = `{"data":[${rows.join(",")}]${after}}`;
      return v4Resource(from === 0 ? `[[${page},false]]` : page);
    });
    const pages = await collect(
      historiesOf(canned.connection, each([["41"]]), {
        collection: "C",
        at: 1_795_259_107_540_000n,
      }),
    );
    const records = pages.flatMap((page) => page.records);
    expect(records).toEqual(
      Array.from({ length: count / 2 }, (_, n) => ({
        id: "41",
        ts: BigInt(tsOf(2 * n)),
        action: "delete",
      })),
    );
    expect(pages.reduce((sum, { documents }) => sum + documents, 0)).toBe(1);
    expect(kinds.slice(0, 3)).toEqual(["events", "events", "states"]);
    expect(kinds.lastIndexOf("events")).toBeGreaterThan(kinds.indexOf("states"));
  });

  it("begins where a collection can be read from", async () => {
    expect(await historyEdge(root, { collection: "Kept" })).toBe(0n);
    const now = await snapshotTime(root);
    const edge = await historyEdge(root, { collection: "Brief" });
    expect(now - edge > 14n * MINUTE && now - edge < 16n * MINUTE).toBe(true);
    const exists = (ts: bigint) =>
      root.v4(`{"at":${ts},"expr":{"exists":{"ref":{"collection":"Brief"},"id":"1"}}}`);
    await exists(edge + MINUTE);
    await expect(exists(edge - 2n)).rejects.toMatchObject({ code: "ERR_SNAPSHOT_EXPIRED" });
  });

  it("is over when its end has left the window", async () => {
    const at = await snapshotTime(root);
    await root.v10('Brief.create({ id: "1" })');
    ahead += 20n * MINUTE;
    const reading = collect(historyPages(root, { collection: "Brief", at }));
    await expect(reading).rejects.toMatchObject({ code: "ERR_SNAPSHOT_EXPIRED" });
  });
});
