import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batch, coalesce, lines } from "../../src/flow/flow.ts";
import { collect, each } from "../support/generators.ts";

/** Bytes, cut at the given places. */
function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].toSorted(
    (a, b) => a - b,
  );
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}
const cuts = fc.array(fc.nat(10_000), { maxLength: 30 });
const text = fc.array(fc.string({ unit: "binary" }).map((part) => part.replaceAll("\n", " ")));

describe("lines, for any text", () => {
  it("are the same however the bytes are chunked", async () => {
    await fc.assert(
      fc.asyncProperty(text, cuts, async (parts, places) => {
        const bytes = new Uint8Array(Buffer.from(parts.map((part) => `${part}\n`).join("")));
        const found = await collect(lines(each(cut(bytes, places))));
        expect(found.map((line) => line.text)).toEqual(parts);
        for (const line of found) {
          const own = bytes.subarray(line.offset, line.offset + line.bytes);
          expect(Buffer.from(own).toString()).toBe(line.text);
        }
      }),
    );
  });
});

describe("coalesce and batch, for any chunks", () => {
  it("lose, add and reorder nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array(),
        cuts,
        fc.integer({ min: 1, max: 50 }),
        async (bytes, places, size) => {
          const joined = await collect(coalesce(each(cut(bytes, places)), size));
          expect(Buffer.concat(joined)).toEqual(Buffer.from(bytes));
          for (const chunk of joined.slice(0, -1))
            expect(chunk.length).toBeGreaterThanOrEqual(size);

          const limits = { countMax: size, bytesMax: 300, sizeOf: (n: number) => n };
          const groups = await collect(batch(each(bytes), limits));
          expect(groups.flat()).toEqual([...bytes]);
          for (const group of groups) {
            expect(group.length).toBeLessThanOrEqual(size);
            expect(group.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(300);
          }
        },
      ),
    );
  });
});
