import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { mapConcurrent } from "../../../src/flow/flow.ts";
import { collect, counting, each } from "../../support/generators.ts";

/** A call that ends when told to. */
function gate<T>() {
  let open!: (value: T) => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

describe("mapConcurrent", () => {
  it("keeps the order of the items, whichever call ends first", async () => {
    const gates = [gate<string>(), gate<string>(), gate<string>()];
    const results = collect(
      mapConcurrent(each([0, 1, 2]), (n) => gates[n]!.promise, { concurrency: 3 }),
    );
    gates[2]!.open("c");
    gates[1]!.open("b");
    await turn();
    gates[0]!.open("a");
    expect(await results).toEqual(["a", "b", "c"]);
  });

  it("never has more calls under way than it may", async () => {
    let running = 0;
    let most = 0;
    const fn = async (n: number) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      return n * 2;
    };
    const results = await collect(mapConcurrent(counting(20).items, fn, { concurrency: 4 }));
    expect(results).toEqual(Array.from({ length: 20 }, (_, n) => n * 2));
    expect(most).toBe(4);
  });

  it("reads no further ahead than its concurrency", async () => {
    const source = counting(20);
    const results = mapConcurrent(source.items, async (n) => n, { concurrency: 3 });
    await results.next();
    await turn();
    expect(source.read).toBe(3);
    await results.return();
  });

  it("hands on the first result while others are still running", async () => {
    const never = gate<number>();
    const results = mapConcurrent(
      each([0, 1]),
      (n) => (n === 0 ? Promise.resolve(0) : never.promise),
      { concurrency: 2 },
    );
    expect((await results.next()).value).toBe(0);
    never.open(1);
    await results.return();
  });

  it("closes its source and awaits the calls under way when the consumer leaves", async () => {
    const source = counting(20);
    let running = 0;
    const fn = async (n: number) => {
      running++;
      await turn();
      await turn();
      running--;
      return n;
    };
    for await (const _ of mapConcurrent(source.items, fn, { concurrency: 5 })) break;
    expect({ running, closed: source.closed }).toEqual({ running: 0, closed: true });
  });

  it("throws a call's failure in its turn, with nothing left running and the source closed", async () => {
    const source = counting(20);
    let running = 0;
    const seen: number[] = [];
    const fn = async (n: number) => {
      running++;
      await turn();
      running--;
      if (n === 2) throw new Error("two");
      return n;
    };
    const outcome = (async () => {
      for await (const n of mapConcurrent(source.items, fn, { concurrency: 4 })) seen.push(n);
    })();
    await expect(outcome).rejects.toThrow("two");
    expect({ seen, running, closed: source.closed }).toEqual({
      seen: [0, 1],
      running: 0,
      closed: true,
    });
  });

  it("throws its source's failure after the results that came before", async () => {
    const source = (async function* () {
      yield 1;
      throw new Error("source");
    })();
    const seen: number[] = [];
    const outcome = (async () => {
      for await (const n of mapConcurrent(source, async (x) => x, { concurrency: 3 })) seen.push(n);
    })();
    await expect(outcome).rejects.toThrow("source");
    expect(seen).toEqual([1]);
  });
});
