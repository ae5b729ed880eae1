import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../../src/flow/flow.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

describe("TokenBucket", () => {
  it("gives a second's worth at once, then only what flows in", async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ perSecond: 100, clock });
    const at: number[] = [];
    const all = Array.from({ length: 30 }, async () => {
      await bucket.take(10);
      at.push(clock.now());
    });
    await clock.drive(Promise.all(all));
    expect(at.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(at.slice(10)).toEqual(Array.from({ length: 20 }, (_, index) => (index + 1) * 100));
  });

  it("never gives more than the burst and what flowed in, whatever is asked for", async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ perSecond: 50, burst: 20, clock });
    let given = 0;
    const amounts = Array.from({ length: 200 }, (_, index) => (index * 7) % 20);
    for (const amount of amounts) {
      await clock.drive(bucket.take(amount));
      given += amount;
      expect(given).toBeLessThanOrEqual(20 + (clock.now() / 1000) * 50 + 1e-6);
    }
    expect(clock.now()).toBeLessThan(((given - 20) / 50) * 1000 + amounts.length);
  });

  it("lets one take more than it holds, who then is waited for by the others", async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ perSecond: 10, clock });
    await clock.drive(bucket.take(50));
    expect(clock.now()).toBe(0);
    await clock.drive(bucket.take(1));
    expect(clock.now()).toBe(4_100);
  });

  it("serves in the order of asking, also one who asks for little behind one who asks for much", async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ perSecond: 10, clock });
    const order: number[] = [];
    const take = async (amount: number) => {
      await bucket.take(amount);
      order.push(amount);
    };
    await clock.drive(Promise.all([take(10), take(9), take(1), take(2)]));
    expect(order).toEqual([10, 9, 1, 2]);
  });

  it("settles what was spent besides, and gives back what was not", async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ perSecond: 10, clock });
    bucket.spend(30);
    await clock.drive(bucket.take(1));
    expect(clock.now()).toBe(2_100);
    bucket.spend(-10);
    await clock.drive(bucket.take(10));
    expect(clock.now()).toBe(2_100);
  });

  it("lets one who gives up leave the queue, and takes nothing for him", async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ perSecond: 10, clock });
    await bucket.take(10);
    const stop = new AbortController();
    const leaving = bucket.take(10, stop.signal);
    const staying = bucket.take(5);
    stop.abort(new Error("enough"));
    await expect(leaving).rejects.toThrow("enough");
    await clock.drive(staying);
    expect(clock.now()).toBeLessThanOrEqual(1_000);
    await expect(bucket.take(1, stop.signal)).rejects.toThrow("enough");
  });

  it("sleeps no longer at once than timers can, however deep it is in debt", async () => {
    const sleeps: number[] = [];
    class Noting extends VirtualClock {
      override sleep(ms: number, signal?: AbortSignal): Promise<void> {
        sleeps.push(ms);
        return super.sleep(ms, signal);
      }
    }
    const clock = new Noting();
    const bucket = new TokenBucket({ perSecond: 0.001, clock });
    bucket.spend(10_000);
    await clock.drive(bucket.take(0));
    expect(clock.now()).toBeGreaterThan(9_000_000_000);
    expect(Math.max(...sleeps)).toBeLessThan(2 ** 31);
  });

  it("refuses a rate that is none", () => {
    for (const perSecond of [0, -1, Infinity, Number.NaN])
      expect(() => new TokenBucket({ perSecond })).toThrow(RangeError);
  });
});
