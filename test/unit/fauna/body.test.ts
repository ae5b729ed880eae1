import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Body } from "../../../src/fauna/body.ts";

const MOST = 300_000;

/** A text in pieces, as they may come from a socket. */
const pieces = fc
  .tuple(fc.integer({ min: 0, max: 200_000 }), fc.array(fc.nat(200_000), { maxLength: 6 }))
  .map(([length, cuts]) => {
    const whole = Buffer.alloc(length, "abcdefghijklm");
    const ends = [...new Set([...cuts.filter((cut) => cut < length), length])].toSorted(
      (a, b) => a - b,
    );
    return { whole, chunks: ends.map((end, n) => whole.subarray(ends[n - 1] ?? 0, end)) };
  });

describe("the body of an answer", () => {
  it("is what came, whatever the pieces, and whether its length was promised or not", () => {
    fc.assert(
      fc.property(pieces, fc.boolean(), ({ whole, chunks }, isPromised) => {
        const headers = isPromised ? { "content-length": String(whole.length) } : {};
        const body = new Body(headers, MOST);
        for (const chunk of chunks) body.take(chunk);
        expect(body.bytes).toBe(whole.length);
        expect(body.finish().equals(whole)).toBe(true);
      }),
    );
  });

  it("has a buffer of its own from the start when it is large and its length was promised", () => {
    const body = new Body({ "content-length": "100000" }, MOST);
    const chunk = Buffer.alloc(50_000, "a");
    body.take(chunk);
    body.take(chunk);
    chunk.fill("b");
    const bytes = body.finish();
    expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, 100_000]);
    expect(bytes.toString("latin1")).toBe("a".repeat(100_000));
  });

  it.each([String(MOST + 1), "1e99", "-1", "many", ""])(
    "is given no room for a length of %j that is promised",
    (promised) => {
      const body = new Body({ "content-length": promised }, MOST);
      const chunk = Buffer.alloc(70_000, "a");
      body.take(chunk);
      expect(body.finish().equals(chunk)).toBe(true);
    },
  );

  it("counts what is more than was promised, so that whoever asks can tell", () => {
    const body = new Body({ "content-length": "70000" }, MOST);
    body.take(Buffer.alloc(60_000));
    body.take(Buffer.alloc(60_000));
    expect(body.bytes).toBe(120_000);
    body.drop();
  });
});
