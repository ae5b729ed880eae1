/**
 * Every n-th request of a conversation fails, n = 1, 2, 3 … in every way that a request can fail, until a run meets no fault
 * any more. What is read must be the same each time, and what is written must be there once.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault, FaultRequest } from "../../src/emulator/emulator.ts";
import { startEmulator, type Emulator } from "../../src/emulator/emulator.ts";
import {
  allDefinitions,
  connect,
  failureOf,
  measure,
  records,
  snapshotTime,
  type Connection,
} from "../../src/fauna/fauna.ts";
import { printRecord } from "../../src/values/record.ts";

const FAULTS: readonly [string, Fault][] = [
  ["is cut off before it is begun", { cut: "before" }],
  ["is cut off after it is done", { cut: "after" }],
  ...([409, 429, 440, 502, 503, 504] as const).map((status): [string, Fault] => [
    `is answered ${status}`,
    { status },
  ]),
];

const COLLECTION = '{"collection":"Item"}';

function insert(id: number): string {
  return `{"insert":{"ref":${COLLECTION},"id":"${id}"},"ts":1700000000000000,"action":"create","params":{"quote":{"data":{"n":${id}}}}}`;
}

async function lines(connection: Connection, id: string): Promise<string[]> {
  const found: string[] = [];
  const at = await snapshotTime(connection);
  for await (const record of records(connection, { collection: "Item", at, from: id, to: id })) {
    found.push(printRecord(record));
  }
  return found;
}

async function count(connection: Connection): Promise<number> {
  const { dataText } = await connection.v10("Item.all().count()", { idempotent: true });
  return Number(/\d+/.exec(dataText)![0]);
}

describe("under faults", () => {
  let emulator: Emulator;
  let fault: ((request: FaultRequest) => Fault | undefined) | undefined;
  let at: bigint;
  let expected: readonly string[];
  let nextId = 1000;

  const open = (): Connection =>
    connect({
      endpoint: emulator.endpoint,
      secret: emulator.secret,
      retry: { attempts: 4, baseMs: 1 },
    });

  beforeAll(async () => {
    emulator = await startEmulator({ faults: (request) => fault?.(request) });
    const connection = open();
    await connection.v10('Collection.create({ name: "Item" })');
    const each = Array.from({ length: 25 }, (_, i) => insert((i + 1) * 7));
    await connection.v4(`{"do":[${each.join(",")}]}`, { idempotent: true });
    at = await snapshotTime(connection);
    expected = await read(connection);
    await connection.close();
  });

  afterAll(() => emulator?.close());

  async function read(connection: Connection): Promise<string[]> {
    const found: string[] = [];
    const options = { collection: "Item", at, pageSize: 6 };
    for await (const record of records(connection, options)) found.push(printRecord(record));
    const { documents } = await measure(connection, { ...options, documentsPerRange: 10 });
    expect(documents).toBe(found.length);
    await allDefinitions(connection, { at, kinds: ["collections", "functions"] });
    return found;
  }

  /** Fails the n-th request from now on; tells whether it came so far. */
  function failNth(n: number, how: Fault): () => boolean {
    let met = 0;
    fault = () => (++met === n ? how : undefined);
    return () => met >= n;
  }

  it.each(FAULTS)("what is read stays the same when a request %s", async (_name, how) => {
    for (let n = 1; ; n++) {
      const met = failNth(n, how);
      const connection = open();
      expect(await read(connection)).toEqual(expected);
      await connection.close();
      if (!met()) break;
    }
    fault = undefined;
  });

  it.each(FAULTS)("an idempotent write is done once when its request %s", async (_name, how) => {
    const id = nextId++;
    failNth(1, how);
    const connection = open();
    await connection.v4(insert(id), { idempotent: true });
    fault = undefined;
    expect(await lines(connection, String(id))).toEqual([
      `{"id":"${id}","ts":1700000000000000,"data":{"n":${id}}}`,
    ]);
    await connection.close();
  });

  it.each(FAULTS)(
    "any other write is done at most once when its request %s",
    async (_name, how) => {
      failNth(1, how);
      const connection = open();
      const before = await count(connection);
      failNth(1, how);
      const outcome = await connection
        .v4(`{"create":${COLLECTION},"params":{"object":{"data":{"object":{}}}}}`)
        .catch((error: unknown) => error);
      fault = undefined;
      const written = (await count(connection)) - before;
      expect(written).toBeLessThanOrEqual(1);
      // Where it failed, nobody is told that it was done or not done unless that is known.
      if (outcome instanceof Error) {
        const refused = failureOf(outcome)?.ambiguous === false;
        if (refused) expect(written).toBe(0);
      } else expect(written).toBe(1);
      await connection.close();
    },
  );
});
