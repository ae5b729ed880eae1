import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eachConcurrent } from "../../../src/flow/flow.ts";

/** Numbers from 0, and what became of their source. */
function numbers(count: number) {
  const source = { read: 0, closed: false };
  async function* generator(): AsyncGenerator<number> {
    try {
      for (; source.read < count;) yield source.read++;
    } finally {
      source.closed = true;
    }
  }
  return { source, items: generator() };
}

/** Calls that end when they are told to. */
function calls() {
  const open = new Map<
    number,
    { readonly resolve: () => void; readonly reject: (error: unknown) => void }
  >();
  const seen: number[] = [];
  return {
    open,
    seen,
    fn: (item: number): Promise<void> => {
      seen.push(item);
      let resolve!: () => void;
      let reject!: (error: unknown) => void;
      const promise = new Promise<void>((done, fail) => {
        resolve = done;
        reject = fail;
      });
      open.set(item, { resolve, reject });
      return promise.finally(() => open.delete(item));
    },
  };
}

describe("calls for each item", () => {
  it("are made once for each, as many at once as there may be, and one item is read ahead", async () => {
    const { source, items } = numbers(10);
    const { open, seen, fn } = calls();
    const done = eachConcurrent(items, fn, { concurrency: () => 3 });
    await sleep(5);
    expect([...open.keys()]).toEqual([0, 1, 2]);
    expect(source.read).toBe(4);
    while (seen.length < 10 || open.size > 0) {
      expect(open.size).toBeLessThanOrEqual(3);
      open.values().next().value!.resolve();
      await sleep(1);
    }
    await done;
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(source.closed).toBe(true);
  });

  it("are not held up by a slow one", async () => {
    const { items } = numbers(6);
    const { open, seen, fn } = calls();
    const done = eachConcurrent(items, fn, { concurrency: () => 2 });
    await sleep(5);
    for (const item of [1, 2, 3, 4, 5]) {
      open.get(item)!.resolve();
      await sleep(2);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    open.get(0)!.resolve();
    await done;
  });

  it("may become more or fewer at once on the way", async () => {
    const { items } = numbers(20);
    const { open, fn } = calls();
    let concurrency = 1;
    const done = eachConcurrent(items, fn, { concurrency: () => concurrency });
    await sleep(5);
    expect(open.size).toBe(1);
    concurrency = 4;
    open.get(0)!.resolve();
    await sleep(5);
    expect(open.size).toBe(4);
    concurrency = 1;
    while (open.size > 0) {
      for (const { resolve } of open.values()) resolve();
      await sleep(2);
      expect(open.size).toBeLessThanOrEqual(1);
    }
    await done;
  });

  it("end with the first failure, when those under way have ended and the source is closed", async () => {
    const { source, items } = numbers(100);
    const { open, seen, fn } = calls();
    let ended = false;
    const done = eachConcurrent(items, fn, { concurrency: () => 3 }).finally(() => (ended = true));
    done.catch(() => {});
    await sleep(5);
    open.get(1)!.reject(new Error("the first"));
    await sleep(5);
    expect(ended).toBe(false);
    open.get(0)!.reject(new Error("the second"));
    open.get(2)!.resolve();
    await expect(done).rejects.toThrow("the first");
    expect(seen).toEqual([0, 1, 2]);
    expect(source.closed).toBe(true);
  });

  it("end when their source fails", async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw new Error("no more");
    }
    const seen: number[] = [];
    const done = eachConcurrent(broken(), async (item) => void seen.push(item), {
      concurrency: () => 5,
    });
    await expect(done).rejects.toThrow("no more");
    expect(seen).toEqual([1]);
  });
});
