import { describe, expect, it } from "vitest";
import { failure } from "../../../src/fauna/failure.ts";
import type { Answer, FaunaRequest, Transport } from "../../../src/fauna/transport.ts";
import { ThrottledTransport } from "../../../src/fauna/with/throttle.ts";

const REQUEST: FaunaRequest = {
  method: "POST",
  path: "/",
  headers: {},
  idempotent: true,
  timeoutMs: 60_000,
};

/** Holds every request until the test answers it. */
class Held implements Transport {
  readonly waiting: { answer: (status: number) => void; fail: (error: Error) => void }[] = [];
  most = 0;

  send(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({
        answer: (status) => resolve({ status, headers: {}, text: "{}", bytes: 2 }),
        fail: reject,
      });
      this.most = Math.max(this.most, this.waiting.length);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Sends `count` requests and answers them all with `status`, as they come. */
async function round(throttle: ThrottledTransport, held: Held, count: number, status: number) {
  const all = Array.from({ length: count }, () => throttle.send(REQUEST));
  for (let done = 0; done < count;) {
    await turn();
    for (const { answer } of held.waiting.splice(0)) {
      answer(status);
      done++;
    }
  }
  await Promise.all(all);
}

describe("ThrottledTransport", () => {
  it("never lets more requests through than its window", async () => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 3, min: 1, max: 3 });
    await round(throttle, held, 20, 200);
    expect(held.most).toBe(3);
  });

  it("grows by about one for each windowful of good answers, up to its maximum", async () => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 4, max: 6 });
    await round(throttle, held, 5, 200);
    expect(throttle.window).toBeGreaterThanOrEqual(4);
    await round(throttle, held, 100, 200);
    expect(throttle.window).toBe(6);
  });

  it("does not grow while the window is not what holds requests back", async () => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 4, max: 60 });
    for (let i = 0; i < 50; i++) await round(throttle, held, 1, 200);
    expect(throttle.window).toBe(4);
  });

  it.each([409, 429, 440, 503, 504])("halves at %s", async (status) => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 16 });
    await round(throttle, held, 1, status);
    expect(throttle.window).toBe(8);
  });

  it.each(["deadline", "refused"] as const)("halves at the failure %s", async (kind) => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 16 });
    const sending = throttle.send(REQUEST).catch(() => {});
    await turn();
    held.waiting.pop()!.fail(failure(kind, kind));
    await sending;
    expect(throttle.window).toBe(8);
  });

  it("halves once for all requests that were under way together", async () => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 16 });
    await round(throttle, held, 16, 429);
    expect(throttle.window).toBe(8);
  });

  it("never goes below its minimum", async () => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 4, min: 2 });
    for (let i = 0; i < 10; i++) await round(throttle, held, 1, 429);
    expect(throttle.window).toBe(2);
  });

  it("takes an answer that nearly came too late for a sign of overload", async () => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 16 });
    const sending = throttle.send({ ...REQUEST, timeoutMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    held.waiting.pop()!.answer(200);
    await sending;
    expect(throttle.window).toBe(8);
  });

  it("is not impressed by the schema's 409", async () => {
    const held = new Held();
    const throttle = new ThrottledTransport(held, { start: 16 });
    const sending = throttle.send({ ...REQUEST, path: "/schema/1/update" });
    await turn();
    held.waiting.pop()!.answer(409);
    await sending;
    expect(throttle.window).toBe(16);
  });
});
