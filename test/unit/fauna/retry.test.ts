import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import { Counters } from "../../../src/fauna/counters.ts";
import { failure, type FailureKind } from "../../../src/fauna/failure.ts";
import type { Answer, FaunaRequest, Transport } from "../../../src/fauna/transport.ts";
import { RetryingTransport, type RetryOptions } from "../../../src/fauna/with/retry.ts";

const REQUEST: FaunaRequest = {
  method: "POST",
  path: "/",
  headers: {},
  body: "{}",
  idempotent: true,
  timeoutMs: 1_000,
};

type Step = number | FailureKind | { status: number; headers: Record<string, string> };

/** A transport that meets one fate after the other, and remembers what it was sent. */
class Fated implements Transport {
  readonly sent: FaunaRequest[] = [];
  readonly #steps: readonly Step[];

  constructor(...steps: readonly Step[]) {
    this.#steps = steps;
  }

  send(request: FaunaRequest): Promise<Answer> {
    const step = this.#steps[Math.min(this.sent.length, this.#steps.length - 1)]!;
    this.sent.push(request);
    if (typeof step === "string") return Promise.reject(failure(step, step));
    const { status, headers } = typeof step === "number" ? { status: step, headers: {} } : step;
    return Promise.resolve({ status, headers, text: "{}", bytes: 2 });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Retries without waiting; the pauses are written down. */
function impatient(fated: Fated, options: Partial<RetryOptions> = {}) {
  const pauses: number[] = [];
  const transport = new RetryingTransport(fated, {
    attempts: 4,
    random: () => 1,
    sleep: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
    ...options,
  });
  return { transport, pauses };
}

const outcome = (promise: Promise<Answer>): Promise<unknown> =>
  promise.then(
    ({ status }) => status,
    (error: ArkError) => error.details?.["failure"],
  );

describe("RetryingTransport", () => {
  it.each<[Step, boolean, boolean]>([
    // fate, repeated when idempotent, repeated when not
    [409, true, true],
    [429, true, true],
    [440, true, false],
    [502, true, false],
    [503, true, false],
    [504, true, false],
    ["unreachable", true, true],
    ["refused", true, true],
    ["cut", true, false],
    ["silent", true, false],
    ["deadline", true, false],
    ["tls", false, false],
    ["garbled", false, false],
    ["oversized", false, false],
    [400, false, false],
    [401, false, false],
    [403, false, false],
    [404, false, false],
    [410, false, false],
    [413, false, false],
    [500, false, false],
  ])("after %s repeats idempotent requests: %s, others: %s", async (fate, idempotent, other) => {
    for (const [is, repeated] of [
      [true, idempotent],
      [false, other],
    ] as const) {
      const fated = new Fated(fate, 200);
      const { transport } = impatient(fated);
      const result = await outcome(transport.send({ ...REQUEST, idempotent: is }));
      expect(fated.sent.length).toBe(repeated ? 2 : 1);
      expect(result).toBe(repeated ? 200 : fate);
    }
  });

  it("gives the last answer or failure when the attempts are used up", async () => {
    const storm = new Fated(429);
    expect(await outcome(impatient(storm).transport.send(REQUEST))).toBe(429);
    expect(storm.sent).toHaveLength(4);
    const cuts = new Fated("cut");
    expect(await outcome(impatient(cuts).transport.send(REQUEST))).toBe("cut");
  });

  it("soon gives up an address that has never answered, and not one that has", async () => {
    const wrong = new Fated("unreachable");
    expect(await outcome(impatient(wrong).transport.send(REQUEST))).toBe("unreachable");
    expect(wrong.sent).toHaveLength(2);
    const restarting = new Fated(200, "unreachable", "unreachable", "unreachable", 200);
    const { transport } = impatient(restarting);
    await transport.send(REQUEST);
    expect(await outcome(transport.send(REQUEST))).toBe(200);
  });

  it("waits up to twice as long each time, never longer than the cap", async () => {
    const { transport, pauses } = impatient(new Fated(409), {
      attempts: 6,
      baseMs: 100,
      capMs: 500,
    });
    await transport.send(REQUEST);
    expect(pauses).toEqual([100, 200, 400, 500, 500]);
  });

  it("waits a random part of that, so that clients do not come back all at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (part) => {
          const { transport, pauses } = impatient(new Fated(409), {
            random: () => part,
            baseMs: 80,
          });
          await transport.send(REQUEST);
          expect(pauses).toEqual([80 * part, 160 * part, 320 * part]);
        },
      ),
    );
  });

  it("waits as long as Retry-After asks for, up to the cap", async () => {
    const soon = { status: 429, headers: { "retry-after": "3" } };
    const late = { status: 429, headers: { "retry-after": "3600" } };
    const { transport, pauses } = impatient(new Fated(soon, late, 200), { capMs: 10_000 });
    await transport.send(REQUEST);
    expect(pauses).toEqual([3_000, 10_000]);
  });

  it("understands Retry-After as a date, and ignores nonsense", async () => {
    const date = {
      status: 503,
      headers: { "retry-after": new Date(Date.now() + 5_000).toUTCString() },
    };
    const nonsense = { status: 503, headers: { "retry-after": "soon" } };
    const { transport, pauses } = impatient(new Fated(date, nonsense, 200), { baseMs: 1 });
    await transport.send(REQUEST);
    expect(pauses[0]).toBeGreaterThan(2_000);
    expect(pauses[1]).toBe(2);
  });

  it.each<Step>([440, 503, 504, "deadline"])(
    "gives the next attempt twice the time after %s, up to the server's ten minutes",
    async (fate) => {
      const fated = new Fated(fate, fate, fate, 200);
      await impatient(fated).transport.send({ ...REQUEST, timeoutMs: 100_000 });
      expect(fated.sent.map(({ timeoutMs }) => timeoutMs)).toEqual([
        100_000, 200_000, 400_000, 600_000,
      ]);
    },
  );

  it("reports a timeout at once where the caller would rather ask for less", async () => {
    const timeout = {
      status: 503,
      headers: {},
      text: '{"errors":[{"code":"time out"}]}',
      bytes: 0,
    };
    const sent: FaunaRequest[] = [];
    const slow = {
      send: (request: FaunaRequest) => {
        sent.push(request);
        return Promise.resolve(timeout);
      },
      close: () => Promise.resolve(),
    };
    await new RetryingTransport(slow).send({ ...REQUEST, onTimeout: "report" });
    expect(sent).toHaveLength(1);
    const late = new Fated("deadline");
    await outcome(impatient(late).transport.send({ ...REQUEST, onTimeout: "report" }));
    expect(late.sent).toHaveLength(1);
  });

  it("takes the schema's 409 for what it is: a stale version", async () => {
    const fated = new Fated(409);
    await impatient(fated).transport.send({ ...REQUEST, path: "/schema/1/update?version=1" });
    expect(fated.sent).toHaveLength(1);
  });

  it("stops waiting when the caller gives up", async () => {
    const controller = new AbortController();
    const transport = new RetryingTransport(new Fated(429), { baseMs: 60_000, random: () => 1 });
    const sending = transport.send({ ...REQUEST, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(sending).rejects.toMatchObject({ code: "ERR_INTERRUPTED" });
  });

  it("counts and tells of each repetition", async () => {
    const counters = new Counters();
    const told: unknown[] = [];
    const { transport } = impatient(new Fated(429, "cut", 200), {
      counters,
      onRetry: ({ attempt, reason }) => told.push([attempt, reason]),
    });
    await transport.send(REQUEST);
    expect(counters.values.retries).toBe(2);
    expect(told).toEqual([
      [1, "429"],
      [2, "cut"],
    ]);
  });
});
