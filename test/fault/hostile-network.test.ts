/**
 * Networks between a well client and a well server: late, narrow, cut, silent, noisy, overloaded. An export and an import
 * come through with equal results, or stop with the exit status that says so and can go on.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArkError } from "../../src/errors/errors.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { identity } from "../support/age.ts";
import { Bench } from "../support/bench.ts";
import { type Chaos, ChaosProxy, requestProxy, type RequestChaos } from "../support/chaos-proxy.ts";
import {
  archiveContent,
  buildEverything,
  databaseContent,
  EVERYTHING,
} from "../support/everything.ts";
import { Points } from "../support/points.ts";

let bench: Bench;
let other: Bench;
let source: Connection;
const archive = new MemoryStore();
let ofArchive: ReadonlyMap<string, string>;
let ofImport: ReadonlyMap<string, string>;

beforeAll(async () => {
  bench = await Bench.start();
  other = await Bench.start();
  await other.emptyDatabase();
  source = await bench.emptyDatabase();
  await buildEverything(source);
  await exportDatabase({ source, target: archive, ...EVERYTHING });
  ofArchive = await archiveContent(archive);
  const target = await other.emptyDatabase();
  await importArchive({ source: archive, target, unlock: identity });
  ofImport = await databaseContent(other, target);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

/** Something that stands between, at an address of its own. */
interface Between extends AsyncDisposable {
  readonly endpoint: string;
}

/** Statuses that say: the endpoint is no good, what answers is not Fauna, or try again. */
const STOPS = new Set([10, 40, 75]);

type Promised = "comes through" | "may stop";

/** Exports and imports through what stands between; tells how many of both came through. */
async function bothWays(
  points: Points,
  name: string,
  { http1, promise }: { readonly http1: boolean; readonly promise: Promised },
  between: (endpoint: string) => Promise<Between>,
): Promise<number> {
  let through = 0;
  // Who waits for what never comes should not wait for long here. What comes through may take its time.
  const patience =
    promise === "may stop"
      ? { timeoutMs: 400, graceMs: 100, pingMs: 100 }
      : { timeoutMs: 30_000, graceMs: 5_000, pingMs: 30_000 };
  const connection = (bad: Between, to: Bench, database: Connection): Connection =>
    connect({
      endpoint: bad.endpoint,
      secret: to.secretOf(database),
      http1,
      ...patience,
      retry: { baseMs: 2, capMs: 20 },
      throttle: { start: 2, max: 4 },
    });
  const outcome = async (run: Promise<unknown>): Promise<ArkError | undefined> => {
    try {
      await run;
      through++;
      return undefined;
    } catch (error) {
      if (error instanceof ArkError && STOPS.has(error.exitStatus)) return error;
      throw error;
    }
  };
  await points.try(`${name}, export`, async () => {
    await using bad = await between(bench.endpoint);
    const from = connection(bad, bench, source);
    const store = new MemoryStore();
    const options = { ...EVERYTHING, pageSize: 3, target: store };
    const error = await outcome(exportDatabase({ ...options, source: from }));
    await from.close();
    if (error !== undefined) await exportDatabase({ ...options, source, resume: true });
    expect(await archiveContent(store)).toEqual(ofArchive);
  });
  await points.try(`${name}, import`, async () => {
    await using bad = await between(other.endpoint);
    const target = await other.emptyDatabase();
    const to = connection(bad, other, target);
    const options = { source: archive, unlock: identity, batchDocuments: 3 };
    const error = await outcome(importArchive({ ...options, target: to }));
    await to.close();
    if (error !== undefined) {
      const begun = (await other.definitionsOf(target)).length > 0;
      await importArchive({ ...options, target, continue: begun }).catch((failed: unknown) => {
        // The mark was taken away, and only nobody was told.
        expect(failed).toMatchObject({ code: "ERR_TARGET_NOT_EMPTY" });
      });
    }
    expect(await databaseContent(other, target)).toEqual(ofImport);
  });
  return through;
}

const RUNS_FULL = 12;

/** A whole number of so many bytes, up to twice as many. */
const about = (bytes: number, random: () => number) => Math.floor(bytes * 2 * random());

const CONNECTIONS: readonly [
  string,
  Promised,
  (random: () => number, connection: number) => Chaos | undefined,
][] = [
  ["late, by a time that varies", "comes through", () => ({ latencyMs: 2, jitterMs: 10 })],
  ["narrow, in pieces of 700 bytes", "comes through", () => ({ latencyMs: 1, pieceBytes: 700 })],
  ["a slow drip of some bytes", "comes through", () => ({ latencyMs: 1, pieceBytes: 60 })],
  [
    "cut in the middle of answers, now and then",
    "may stop",
    (random, n) => (n % 3 === 2 ? undefined : { cutAfter: 200 + about(3_000, random) }),
  ],
  [
    "ended in the middle of answers, in good order",
    "may stop",
    (random, n) => (n % 3 === 2 ? undefined : { endAfter: 200 + about(3_000, random) }),
  ],
  ["cut as soon as it is open, every time", "may stop", () => ({ cutAfter: 0 })],
  [
    "half open: it never answers again",
    "may stop",
    (random, n) => (n % 4 === 0 ? { silentAfter: 100 + about(4_000, random) } : undefined),
  ],
  [
    "noise in place of what was sent",
    "may stop",
    (random, n) => (n % 3 === 0 ? { noiseAfter: about(3_000, random) } : undefined),
  ],
];

const REQUESTS: readonly [string, Promised, () => RequestChaos][] = [
  [
    "a storm of 429, told when to come again",
    "comes through",
    () =>
      ({ number }) =>
        number % 3 === 0 ? busy(429, { "retry-after": "0.01" }) : undefined,
  ],
  [
    "a storm of 429, not told when",
    "comes through",
    () =>
      ({ number }) =>
        number % 3 === 0 ? busy(429) : undefined,
  ],
  [
    "nothing but 429 after a while",
    "may stop",
    () =>
      ({ number }) =>
        number > 15 ? busy(429) : undefined,
  ],
  [
    "bursts of 503",
    "may stop",
    () =>
      ({ number }) =>
        number % 20 < 3 ? busy(503) : undefined,
  ],
  [
    "a balancer's pages of HTML",
    "may stop",
    () =>
      ({ number }) =>
        number % 9 === 0
          ? {
              status: 502,
              body: "<html>Bad gateway</html>",
              headers: { "content-type": "text/html" },
            }
          : undefined,
  ],
  [
    "answers of which half is said to be all",
    "may stop",
    () =>
      ({ number }) =>
        number % 25 === 0 ? "garbled" : undefined,
  ],
  [
    "answers that are lost after the request was done",
    "may stop",
    () =>
      ({ number }) =>
        number % 7 === 0 ? "cut after" : undefined,
  ],
  [
    "requests that are never answered",
    "may stop",
    () =>
      ({ number }) =>
        number % 40 === 0 ? "hang" : undefined,
  ],
  [
    "answers that break off",
    "may stop",
    () =>
      ({ number }) =>
        number % 8 === 0 ? { body: '{"resource":{"data":[', cutAfter: 10 } : undefined,
  ],
];

const busy = (status: number, headers: Readonly<Record<string, string>> = {}) => ({
  status,
  headers,
  body: '{"errors":[{"code":"busy","description":"busy"}],"error":{"code":"limit_exceeded","message":"busy"}}',
});

/** Makes what stands between, anew for each of both ways. */
type BetweenOf = (random: () => number, http1: boolean) => (endpoint: string) => Promise<Between>;

const NETWORKS: readonly (readonly [string, Promised, BetweenOf])[] = [
  ...CONNECTIONS.map(([name, promise, chaosOf]): [string, Promised, BetweenOf] => [
    `over connections that are ${name},`,
    promise,
    (random) => (endpoint) =>
      ChaosProxy.start({ endpoint, chaos: (n) => chaosOf(random, n), random }),
  ]),
  ...REQUESTS.map(([name, promise, chaosOf]): [string, Promised, BetweenOf] => [
    `where there are ${name},`,
    promise,
    (_, http1) => (endpoint) => requestProxy(endpoint, chaosOf(), { http1 }),
  ]),
];

const CAN: Readonly<Record<Promised, string>> = {
  "comes through": "come through",
  "may stop": "come through or stop, and go on to the same",
};

describe.each(NETWORKS)("%s", (name, promise, betweenOf) => {
  it(`an export and an import ${CAN[promise]}`, async () => {
    const points = new Points(`hostile network, ${name}`);
    const random = () => points.random();
    for (const run of points.runs(1, RUNS_FULL)) {
      const http1 = points.random() < 0.5;
      const through = await bothWays(
        points,
        `run ${run}, http1: ${http1}`,
        { http1, promise },
        betweenOf(random, http1),
      );
      if (promise === "comes through") expect(through).toBe(2);
    }
    points.end();
  });
});

it("where a server says GOAWAY again and again, an export and an import come through", async () => {
  const points = new Points("hostile network, GOAWAY");
  for (const run of points.runs(1, RUNS_FULL)) {
    const through = await bothWays(
      points,
      `run ${run}`,
      { http1: false, promise: "comes through" },
      (endpoint) =>
        requestProxy(endpoint, ({ number }) => (number % 5 === 0 ? "goaway" : undefined)),
    );
    expect(through).toBe(2);
  }
  points.end();
});
