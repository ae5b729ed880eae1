import { describe, expect, it } from "vitest";
import { fingerprintOf } from "../../../src/values/digest-sums.ts";
import { Fingerprint } from "../../../src/values/fingerprint.ts";
import { cutIdPage } from "../../../src/values/id-page.ts";
import { packPage } from "../../../src/values/pack-page.ts";
import { cutPage, cutRefPage } from "../../../src/values/page.ts";
import { printRecord } from "../../../src/values/record.ts";

const COLLECTION = "Flight";
const refOf = (n: number, collection = COLLECTION): string =>
  `{"@ref":{"id":"${n}","collection":{"@ref":{"id":"${collection}","collection":{"@ref":{"id":"collections"}}}}}}`;
const documentOf = (n: number, text: string): string =>
  `{"ref":${refOf(n)},"ts":${1_795_259_107_540_000 + n},"data":{"text":"${text}"}}`;
const pageOf = (elements: readonly string[]): Buffer =>
  Buffer.from(`{"resource":{"after":[${refOf(9)}],"data":[${elements.join(",")}]}}`);

/** A page larger than is looked at at once, of elements of all lengths, with odd ones among them. */
const lengths = Array.from({ length: 1500 }, (_, n) =>
  n % 211 === 7 ? 70_000 : n % 97 === 3 ? 5000 : (n * 37) % 400,
);

function expectPacked(documents: readonly string[]): void {
  const page = pageOf(documents);
  const packed = packPage(page, COLLECTION)!;
  const { items, gone, after } = cutPage(page.toString());
  const fingerprint = new Fingerprint();
  for (const { record } of items) fingerprint.add(COLLECTION, record);
  const text = items.map(({ record }) => `${printRecord(record)}\n`).join("");
  expect(Buffer.from(packed.lines!.bytes).equals(Buffer.from(text))).toBe(true);
  expect(fingerprintOf(packed.lines!.sums).toJSON()).toEqual(fingerprint.toJSON());
  expect([packed.gone, packed.after]).toEqual([gone, after]);
}

describe("the kernel that reads pages", () => {
  it("takes documents of all lengths, wherever what is looked at at once is cut", () => {
    for (let shift = 0; shift < 400; shift += 23) {
      const first = documentOf(1, "x".repeat(shift));
      const others = lengths
        .slice(0, 300)
        .map((length, n) => documentOf(n + 2, "é".repeat(length)));
      expectPacked([first, ...others]);
    }
  });

  it("goes on behind documents that have to be looked at as text, and behind those that are gone", () => {
    expectPacked(
      lengths.map((length, n) => {
        if (n % 50 === 9) return "null";
        if (n % 10 === 4) return documentOf(n + 1, "a\\u00e9\\/b");
        return documentOf(n + 1, "x".repeat(length % 400));
      }),
    );
    expectPacked(lengths.map((_, n) => documentOf(n + 1, "\\u0041")));
  });

  it("takes refs, wherever what is looked at at once is cut", () => {
    for (let first = 1; first < 1e15; first *= 7) {
      const page = pageOf(Array.from({ length: 2500 }, (_, n) => refOf(first + n)));
      const { ids, after } = cutIdPage(page);
      const expected = cutRefPage(page.toString());
      expect([...ids]).toEqual(expected.items.map(({ id }) => id));
      expect(ids.at(-1)).toBe(String(first + 2499));
      expect(after).toBe(expected.after);
    }
  });

  it("takes no ref for one of the collection that it is not of", () => {
    const refs = Array.from({ length: 2000 }, (_, n) => refOf(n + 1));
    for (const at of [0, 1, 700, 1999]) {
      const page = pageOf(refs.with(at, refOf(at + 1, "Flights")));
      expect([...cutIdPage(page).ids]).toEqual(refs.map((_, n) => String(n + 1)));
      const keys = pageOf(refs.with(at, '{"@ref":{"id":"7","collection":{"@ref":{"id":"keys"}}}}'));
      expect(() => cutIdPage(keys)).toThrow();
    }
  });
});
