import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Credits, type Lease } from "../../../src/flow/flow.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Credits", () => {
  it("never lends more than the limit, whatever is asked for, shrunk, released and given up", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 100 }),
        fc.array(
          fc.record({
            bytes: fc.integer({ min: 0, max: 150 }),
            after: fc.constantFrom("release", "shrink", "give up", "hold"),
          }),
          { maxLength: 40 },
        ),
        async (limit, steps) => {
          const credits = new Credits(limit);
          const leases: Lease[] = [];
          const asked: Promise<unknown>[] = [];
          for (const { bytes, after } of steps) {
            const stop = new AbortController();
            const asking = credits.acquire(bytes, stop.signal).then(
              (lease) => leases.push(lease),
              () => {},
            );
            asked.push(asking);
            await Promise.resolve();
            if (after === "give up") stop.abort();
            if (after === "shrink") leases[0]?.shrink(Math.floor(bytes / 2));
            if (after === "release") leases.shift()?.release();
            await turn();
            expect(credits.held).toBe(leases.reduce((sum, lease) => sum + lease.bytes, 0));
            expect(credits.held).toBeLessThanOrEqual(limit);
          }
          // Whoever waits is served when the others let go: nobody is forgotten.
          for (let left = steps.length * 2; left > 0; left--) {
            leases.shift()?.release();
            await turn();
          }
          await Promise.all(asked);
          for (const lease of leases) lease.release();
          expect(credits.held).toBe(0);
          expect(credits.peak).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  it("serve in the order of asking: one who asks for much is not overtaken", async () => {
    const credits = new Credits(10);
    const first = await credits.acquire(6);
    const order: string[] = [];
    const note = (name: string) => (lease: Lease) => {
      order.push(name);
      return lease;
    };
    const large = credits.acquire(9).then(note("large"));
    const small = credits.acquire(1).then(note("small"));
    await turn();
    expect(order).toEqual([]);
    first.release();
    (await large).release();
    (await small).release();
    expect(order).toEqual(["large", "small"]);
  });

  it("lend all to one who asks for more than all, and to nobody else meanwhile", async () => {
    const credits = new Credits(10);
    const all = await credits.acquire(1_000_000);
    expect(all.bytes).toBe(10);
    const next = credits.acquire(1);
    await turn();
    expect(credits.held).toBe(10);
    all.release();
    (await next).release();
    expect(credits.held).toBe(0);
  });

  it("serve those behind one who gives up", async () => {
    const credits = new Credits(10);
    const first = await credits.acquire(6);
    const stop = new AbortController();
    const large = credits.acquire(10, stop.signal);
    const small = credits.acquire(4);
    stop.abort(new Error("enough"));
    await expect(large).rejects.toThrow("enough");
    (await small).release();
    first.release();
    expect(credits.held).toBe(0);
  });

  it("are given back once, however often they are released, and never grow", async () => {
    const credits = new Credits(10);
    const lease = await credits.acquire(4);
    const other = await credits.acquire(4);
    lease.shrink(8);
    expect(lease.bytes).toBe(4);
    lease.shrink(1);
    expect(credits.held).toBe(5);
    lease.release();
    lease.release();
    expect(credits.held).toBe(4);
    other.release();
    expect(credits.held).toBe(0);
  });

  it("refuse a limit of nothing", () => {
    expect(() => new Credits(0)).toThrow(RangeError);
  });
});
