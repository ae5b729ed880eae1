/** Turns of pages: what is set aside for them. */
import { describe, expect, it } from "vitest";
import { failure } from "../../../src/fauna/failure.ts";
import { isTooLarge, PageFlow, type PageTurn } from "../../../src/fauna/page-flow.ts";

const MiB = 1024 * 1024;

/** Takes in a page of so many documents of such a size, or refuses it as a connection does. */
async function take(turn: PageTurn, bytes: number): Promise<number> {
  const all = turn.size * bytes;
  if (all > (turn.maxAnswerBytes ?? Infinity)) throw failure("oversized", "too large");
  turn.arrived(turn.size, all);
  return turn.size;
}

describe("a stream whose documents are larger than was set aside", () => {
  it("is given more each time, though another reads small ones of the same collection", async () => {
    const flow = new PageFlow({ bytes: 64 * MiB, underWay: { max: 16, found: false } });
    const [large, small] = [flow.stream("C", { first: 1 }), flow.stream("C")];
    let isTaken = false;
    for (let asked = 1; !isTaken; asked++) {
      expect(asked).toBeLessThan(20);
      const turn = await large.begin(undefined);
      try {
        expect(await take(turn, 30 * MiB)).toBe(1);
        isTaken = true;
      } catch (error) {
        expect(large.tooMuch(turn, error)).toBe(true);
      }
      turn.release();
      const other = await small.begin(undefined);
      await take(other, 100);
      other.release();
    }
    expect(flow.bytes).toMatchObject({ held: 0 });
  });

  it("ends with what is too large for all there is, and says so", async () => {
    const flow = new PageFlow({ bytes: 8 * MiB });
    const reading = flow.stream("C").page(undefined, (turn) => take(turn, 9 * MiB));
    const error: unknown = await reading.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "ERR_USAGE", place: "--max-memory" });
    expect(isTooLarge(error)).toBe(true);
    expect(flow.bytes).toMatchObject({ held: 0 });
  });
});
