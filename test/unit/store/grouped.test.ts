import { describe, expect, it } from "vitest";
import { Grouped } from "../../../src/store/grouped.ts";

/** Work that ends when it is told to. */
function byHand() {
  const underWay: { key: string; end: (error?: Error) => void }[] = [];
  const grouped = new Grouped(
    (key) =>
      new Promise((resolve, reject) => {
        underWay.push({ key, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  );
  return { grouped, underWay };
}

const turns = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

describe("work that many want done", () => {
  it("is done again, once for all, for those who asked after it had begun", async () => {
    const { grouped, underWay } = byHand();
    const done: number[] = [];
    const asked = [1, 2, 3].map(async (who) => {
      await grouped.run("a");
      done.push(who);
    });
    expect(underWay).toHaveLength(1);
    underWay[0]!.end();
    await turns();
    expect(done).toEqual([1]);
    expect(underWay).toHaveLength(2);
    const late = grouped.run("a");
    underWay[1]!.end();
    await Promise.all(asked);
    expect(done).toEqual([1, 2, 3]);
    await turns();
    expect(underWay).toHaveLength(3);
    underWay[2]!.end();
    await late;
    void grouped.run("a");
    expect(underWay).toHaveLength(4);
  });

  it("waits for nothing that is done on something else", () => {
    const { grouped, underWay } = byHand();
    void grouped.run("a");
    void grouped.run("b");
    expect(underWay.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  it("fails for those whom it was done for, and for nobody else", async () => {
    const { grouped, underWay } = byHand();
    const first = grouped.run("a");
    const second = grouped.run("a");
    const third = grouped.run("a");
    underWay[0]!.end(new Error("the first"));
    await expect(first).rejects.toThrow("the first");
    await turns();
    underWay[1]!.end();
    await expect(Promise.all([second, third])).resolves.toHaveLength(2);
  });
});
