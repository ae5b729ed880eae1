import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/flow/flow.ts";
import { Counters } from "../../../src/fauna/counters.ts";
import { CountedTransport, limited } from "../../../src/fauna/limits.ts";
import type { Answer, FaunaRequest, Transport } from "../../../src/fauna/transport.ts";
import { BudgetedTransport } from "../../../src/fauna/with/budget.ts";
import { PacedTransport } from "../../../src/fauna/with/pace.ts";
import { type ShrinkEvent, ThrottledTransport } from "../../../src/fauna/with/throttle.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const REQUEST: FaunaRequest = {
  method: "POST",
  path: "/",
  headers: {},
  body: "x".repeat(100),
  idempotent: true,
  timeoutMs: 60_000,
  kind: "documents",
};

/** A server of so many processors: each request needs one for a time that goes by the size of its answer. */
class Server implements Transport {
  underWay = 0;
  most = 0;
  answered = 0;
  slowness = 1;
  readonly #clock: Clock;
  readonly #answer: (request: FaunaRequest) => Partial<Answer>;
  readonly #freeAt: number[];

  constructor(
    clock: Clock,
    processors: number,
    answer: (request: FaunaRequest) => Partial<Answer> = () => ({}),
  ) {
    this.#clock = clock;
    this.#answer = answer;
    this.#freeAt = Array.from({ length: processors }, () => 0);
  }

  async send(request: FaunaRequest): Promise<Answer> {
    this.most = Math.max(this.most, ++this.underWay);
    const answer = {
      status: 200,
      headers: {},
      text: "{}",
      bytes: 1_000_000,
      ...this.#answer(request),
    };
    const now = this.#clock.now();
    const which = this.#freeAt.indexOf(Math.min(...this.#freeAt));
    const ends = Math.max(now, this.#freeAt[which]!) + (answer.bytes / 10_000) * this.slowness;
    this.#freeAt[which] = ends;
    await this.#clock.sleep(ends - now);
    this.underWay--;
    this.answered++;
    return answer;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Sends `count` requests, `atOnce` at a time. */
async function load(
  transport: Transport,
  {
    count,
    atOnce,
    request = () => REQUEST,
  }: { count: number; atOnce: number; request?: (n: number) => FaunaRequest },
): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await transport.send(request(next++));
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

describe("the throttle, by latency", () => {
  it("settles near what the server can do at once, and does not lose throughput by it", async () => {
    const clock = new VirtualClock();
    const server = new Server(clock, 4);
    const throttle = new ThrottledTransport(server, { start: 2, max: 200, clock });
    await clock.drive(load(throttle, { count: 4_000, atOnce: 200 }));
    expect(throttle.window).toBeGreaterThanOrEqual(4);
    expect(throttle.window).toBeLessThanOrEqual(20);
    // 4 processors, 100 ms each: 100 s at best.
    expect(clock.now()).toBeLessThan(110_000);
  });

  it("shrinks when all answers come to take longer, and says so", async () => {
    const clock = new VirtualClock();
    const server = new Server(clock, 32);
    const events: ShrinkEvent[] = [];
    const onShrink = (event: ShrinkEvent) => events.push(event);
    const throttle = new ThrottledTransport(server, { start: 32, max: 32, clock, onShrink });
    await clock.drive(load(throttle, { count: 200, atOnce: 64 }));
    expect(throttle.window).toBe(32);
    expect(events).toEqual([]);
    server.slowness = 8;
    await clock.drive(load(throttle, { count: 300, atOnce: 64 }));
    expect(throttle.window).toBeLessThan(16);
    expect(events[0]).toMatchObject({ reason: "latency" });
  });

  it("goes back up when the server is as fast again as it was", async () => {
    const clock = new VirtualClock();
    const server = new Server(clock, 32);
    const throttle = new ThrottledTransport(server, { start: 32, max: 32, clock });
    await clock.drive(load(throttle, { count: 100, atOnce: 64 }));
    server.slowness = 8;
    await clock.drive(load(throttle, { count: 300, atOnce: 64 }));
    const low = throttle.window;
    server.slowness = 1;
    await clock.drive(load(throttle, { count: 2_000, atOnce: 64 }));
    expect(throttle.window).toBeGreaterThan(low);
    expect(throttle.window).toBe(32);
  });

  it("is not misled by pages of other sizes, or by requests of other kinds", async () => {
    const clock = new VirtualClock();
    const server = new Server(clock, 64, ({ documents, kind }) => ({
      bytes: kind === "refs" ? 20_000 : 10_000 * documents!,
    }));
    const throttle = new ThrottledTransport(server, { start: 8, max: 16, clock });
    const request = (n: number): FaunaRequest =>
      n % 3 === 0 ? { ...REQUEST, kind: "refs" } : { ...REQUEST, documents: 1 + ((n * n) % 90) };
    await clock.drive(load(throttle, { count: 2_000, atOnce: 16, request }));
    expect(throttle.window).toBe(16);
  });

  it("takes no notice of one slow answer among many", async () => {
    const clock = new VirtualClock();
    let sent = 0;
    const server = new Server(clock, 64);
    const slowNow: Transport = {
      async send(request) {
        if (++sent % 10 === 0) await clock.sleep(5_000);
        return server.send(request);
      },
      close: () => server.close(),
    };
    const throttle = new ThrottledTransport(slowNow, { start: 16, max: 16, clock });
    await clock.drive(load(throttle, { count: 1_000, atOnce: 32 }));
    expect(throttle.window).toBe(16);
  });
});

describe("--max-requests", () => {
  it("is never exceeded, however many are asked for", async () => {
    const clock = new VirtualClock();
    const server = new Server(clock, 64);
    const transport = limited(server, new Counters(), { maxRequests: 3 }, { clock });
    await clock.drive(load(transport, { count: 100, atOnce: 50 }));
    expect(server.most).toBe(3);
  });

  it("lets the window start at its own size when it is smaller than the limit", async () => {
    const clock = new VirtualClock();
    const server = new Server(clock, 64);
    await clock.drive(
      load(limited(server, new Counters(), {}, { clock }), { count: 8, atOnce: 50 }),
    );
    expect(server.most).toBe(8);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %s", (maxRequests) => {
    const clock = new VirtualClock();
    expect(() => limited(new Server(clock, 1), new Counters(), { maxRequests })).toThrow(
      /maxRequests has to be a whole number/,
    );
  });
});

describe("--max-rate", () => {
  /** Counts as the wire does, and documents as a reader does. */
  function paced(clock: Clock, rates: ConstructorParameters<typeof PacedTransport>[1]) {
    const counters = new Counters();
    const headers = { "x-byte-read-ops": "30", "x-compute-ops": "10" };
    const server = new Server(clock, 64, () => ({ headers, bytes: 10_000 }));
    const transport = new PacedTransport(
      new CountedTransport(server, counters),
      rates,
      counters,
      clock,
    );
    return { counters, transport };
  }

  it("holds in bytes, sent and received, over time", async () => {
    const clock = new VirtualClock();
    const { counters, transport } = paced(clock, { bytes: 50_000 });
    await clock.drive(load(transport, { count: 100, atOnce: 4 }));
    const { bytesIn, bytesOut } = counters.values;
    const perSecond = (bytesIn + bytesOut) / (clock.now() / 1000);
    expect(perSecond).toBeLessThan(50_000 * 1.06);
    expect(perSecond).toBeGreaterThan(50_000 * 0.9);
  });

  it("holds in ops, as the answers count them", async () => {
    const clock = new VirtualClock();
    const { counters, transport } = paced(clock, { ops: 200 });
    await clock.drive(load(transport, { count: 100, atOnce: 4 }));
    const { readOps, computeOps } = counters.values;
    const perSecond = (readOps + computeOps) / (clock.now() / 1000);
    expect(perSecond).toBeLessThan(200 * 1.1);
    expect(perSecond).toBeGreaterThan(200 * 0.9);
  });

  it("holds in documents, as their reader counts them and not as they were asked for", async () => {
    const clock = new VirtualClock();
    const { counters, transport } = paced(clock, { documents: 500 });
    const counting: Transport = {
      async send(request) {
        const answer = await transport.send(request);
        counters.moved(100);
        return answer;
      },
      close: () => transport.close(),
    };
    const request = () => ({ ...REQUEST, documents: 400 });
    await clock.drive(load(counting, { count: 200, atOnce: 4, request }));
    const perSecond = counters.values.documents / (clock.now() / 1000);
    expect(perSecond).toBeLessThan(500 * 1.1);
    expect(perSecond).toBeGreaterThan(500 * 0.75);
  });

  it("holds in all units that are given", async () => {
    const clock = new VirtualClock();
    const { counters, transport } = paced(clock, { bytes: 1_000_000, ops: 200 });
    await clock.drive(load(transport, { count: 100, atOnce: 4 }));
    expect(counters.values.readOps / (clock.now() / 1000)).toBeLessThan(200);
  });

  it("gives back what was taken for a request that failed or was given up", async () => {
    const clock = new VirtualClock();
    const counters = new Counters();
    const failing: Transport = {
      send: () => Promise.reject(new Error("no")),
      close: () => Promise.resolve(),
    };
    const transport = new PacedTransport(failing, { documents: 10 }, counters, clock);
    for (let n = 0; n < 20; n++)
      await expect(transport.send({ ...REQUEST, documents: 10 })).rejects.toThrow("no");
    expect(clock.now()).toBe(0);
  });

  it.each([0, -5, Infinity, Number.NaN])("refuses %s a second", (bytes) => {
    const clock = new VirtualClock();
    expect(() => limited(new Server(clock, 1), new Counters(), { maxRate: { bytes } })).toThrow(
      /maxRate.bytes has to be a number above 0/,
    );
  });
});

describe("--budget-read-ops and --budget-write-ops", () => {
  function budgeted(
    clock: Clock,
    budget: { readOps?: number; writeOps?: number },
    cost: () => number,
  ) {
    const counters = new Counters();
    const server = new Server(clock, 64, ({ kind }) => ({
      headers: { [kind === "insert" ? "x-byte-write-ops" : "x-byte-read-ops"]: String(cost()) },
      bytes: 1_000,
    }));
    const transport = new BudgetedTransport(
      new CountedTransport(server, counters),
      budget,
      counters,
    );
    return { counters, server, transport };
  }

  it("stop before the request that would go beyond them, with what was used and how to go on", async () => {
    const clock = new VirtualClock();
    const { counters, server, transport } = budgeted(clock, { readOps: 1_000 }, () => 30);
    const error: unknown = await clock
      .drive(load(transport, { count: 500, atOnce: 8 }))
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "ERR_BUDGET",
      exitStatus: 31,
      message:
        "The budget of 1,000 read ops is used up: 990 are used, and the next request would take about 30.",
      place: "--budget-read-ops",
    });
    expect((error as { hint: string }).hint).toMatch(/--resume.*--continue/);
    expect(counters.values.readOps).toBe(990);
    expect(server.answered).toBe(33);
  });

  it("are kept though requests under way are not counted yet", async () => {
    const clock = new VirtualClock();
    let n = 0;
    const { counters, transport } = budgeted(
      clock,
      { readOps: 2_000 },
      () => 50 + ((n++ * 13) % 50),
    );
    // Each that is refused ends its sender, the others go on with what is left.
    const senders = Array.from({ length: 20 }, async () => {
      for (;;) await transport.send(REQUEST);
    });
    const ended = await clock.drive(Promise.allSettled(senders));
    expect(ended.every(({ status }) => status === "rejected")).toBe(true);
    expect(counters.values.readOps).toBeLessThanOrEqual(2_000);
    expect(counters.values.readOps).toBeGreaterThan(1_800);
  });

  it("send the first request of a kind alone, because nobody knows what it costs", async () => {
    const clock = new VirtualClock();
    const { counters, server, transport } = budgeted(clock, { readOps: 10 }, () => 1_000);
    await Promise.allSettled([clock.drive(load(transport, { count: 8, atOnce: 8 }))]);
    expect(server.most).toBe(1);
    expect(counters.values.readOps).toBe(1_000);
  });

  it("count reads and writes apart", async () => {
    const clock = new VirtualClock();
    const { counters, transport } = budgeted(clock, { writeOps: 100 }, () => 10);
    await clock.drive(load(transport, { count: 50, atOnce: 4 }));
    expect(counters.values.readOps).toBe(500);
    const insert = (): FaunaRequest => ({ ...REQUEST, kind: "insert" });
    await expect(
      clock.drive(load(transport, { count: 50, atOnce: 4, request: insert })),
    ).rejects.toThrow("The budget of 100 write ops is used up: 100 are used.");
    expect(counters.values.writeOps).toBe(100);
  });

  it("go by what v10 says in the body, too", async () => {
    const clock = new VirtualClock();
    const counters = new Counters();
    const text = '{"data":1,"summary":"","stats":{"compute_ops":1,"read_ops":40,"write_ops":0}}';
    const server = new Server(clock, 4, () => ({ text, bytes: 1_000 }));
    const inner = new BudgetedTransport(server, { readOps: 100 }, counters);
    const counting: Transport = {
      async send(request) {
        const answer = await inner.send(request);
        counters.ops(40, 0, 1);
        return answer;
      },
      close: () => inner.close(),
    };
    await expect(clock.drive(load(counting, { count: 10, atOnce: 4 }))).rejects.toThrow(
      "80 are used, and the next request would take about 40",
    );
  });

  it("let one who waits for others give up", async () => {
    const clock = new VirtualClock();
    const { transport } = budgeted(clock, { readOps: 10 }, () => 5);
    const first = transport.send(REQUEST);
    const stop = new AbortController();
    const second = transport.send({ ...REQUEST, signal: stop.signal });
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: "ERR_INTERRUPTED" });
    await clock.drive(first);
  });
});
