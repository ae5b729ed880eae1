import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprintOf, DigestSums } from "../../../src/values/digest-sums.ts";
import { Fingerprint } from "../../../src/values/fingerprint.ts";
import { printJson } from "../../../src/values/json.ts";
import { LineKernel } from "../../../src/values/line-kernel.ts";
import { readLineSpans } from "../../../src/values/line-spans.ts";
import { packLines } from "../../../src/values/pack-lines.ts";
import { Ends } from "../../../src/values/packed-lines.ts";
import { parseRecord } from "../../../src/values/record.ts";
import { RecordSpans } from "../../../src/values/record-spans.ts";
import { anyJson } from "../../support/values.ts";

const lineOf = (id: number | bigint, data: string, more = ""): string =>
  `{"id":"${id}","ts":${1_795_259_107_540_000 + (Number(id) % 1000)},"data":${data}${more}}\n`;

/** What records of these lines add up to, one after the other. */
function slowly(collection: string, lines: readonly string[]): object {
  const fingerprint = new Fingerprint();
  for (const line of lines) fingerprint.add(collection, parseRecord(line.slice(0, -1)));
  return fingerprint.toJSON();
}

function expectPacked(collection: string, lines: readonly string[]): void {
  const packed = packLines(Uint8Array.from(Buffer.from(lines.join(""))), collection)!;
  const ends = lines.map(
    (
      (at) => (line) =>
        (at += Buffer.byteLength(line))
    )(0),
  );
  expect([...packed.ends]).toEqual(ends);
  expect(fingerprintOf(packed.sums).toJSON()).toEqual(slowly(collection, lines));
}

const textOf = (length: number): string => "wörter ".repeat(length / 8).padEnd(length, "x");

describe("the kernel that reads lines", () => {
  it("gives the digests of documents of every length of some blocks", () => {
    const lines = Array.from({ length: 500 }, (_, n) => lineOf(n + 1, `{"t":"${"x".repeat(n)}"}`));
    expectPacked("C", lines);
  });

  it("gives the digests of any number of lines, long ones among short ones", () => {
    const lengths = Array.from({ length: 3000 }, (_, n) =>
      n % 97 === 0 ? 33 * n : n % 1000 === 7 ? 70_000 : n % 300,
    );
    expectPacked(
      "C",
      lengths.map((length, n) => lineOf(n + 1, `{"t":"${textOf(length)}"}`)),
    );
  });

  it("gives the digests of lines about as long as it takes", () => {
    for (let length = 65_400; length < 65_560; length += 7)
      expectPacked(
        "C",
        [1, 2, 3].map((id) => lineOf(id, `{"t":"${"x".repeat(length + id)}"}`)),
      );
  });

  it("keeps collections apart, whatever their names", () => {
    const lines = [1, 2, 3].map((id) =>
      lineOf(id, "{}", ',"ttl":{"@ts":"2999-01-01T00:00:00Z"},"extra":{"permissions":{}}'),
    );
    for (const name of ["C", 'Ç "\\', "n".repeat(1019), "n".repeat(1020), "n".repeat(5000), "C"])
      expectPacked(name, lines);
  });

  it("knows nothing more of lines whose reading ended with an error", () => {
    const kernel = new LineKernel();
    const read = (text: string, ends: { push(end: number): void }): object => {
      const bytes = Uint8Array.from(Buffer.from(text));
      const sums = new DigestSums("C");
      kernel.begin("C");
      kernel.read(0, kernel.take(bytes, 0), ends, sums);
      return fingerprintOf(sums.take()).toJSON();
    };
    const full = (): never => {
      throw new RangeError("no more memory");
    };
    expect(() => read(lineOf(7, "{}"), { push: full })).toThrow(RangeError);
    expect(read(lineOf(8, "{}"), new Ends())).toEqual(slowly("C", [lineOf(8, "{}")]));
  });

  it("is sure of the very lines of which the scanner of bytes is, whatever was read before", () => {
    const kernel = new LineKernel();
    const bytes = Array.from('{}[],:"\\ \n-.e0159tnN@/u\u0000');
    const mostly = (usual: string, ...odd: string[]) =>
      fc.oneof({ weight: odd.length, arbitrary: fc.constant(usual) }, fc.constantFrom(...odd));
    const anyPiece = mostly(
      "",
      ',"ttl":{"@ts":"2999-01-01T00:00:00Z"}',
      ',"extra":{"a":[1,{}]}',
      ',"data":{}',
      `,"ttl":{"@ts":"${"1".repeat(63)}"}`,
      `,"ttl":{"@ts":"${"1".repeat(64)}"}`,
      ',"ttl":{"@ts":"a\\nb"}',
    );
    const times = ["-1", "-0", "01", "-01", "9007199254740991", "9007199254740992", "1.0"];
    const anyTs = mostly("0", ...times);
    const ids = ["0", "07", "999999999999999999", "1000000000000000000", "x"];
    const anyId = mostly("7", ...ids);
    const anyData = fc.dictionary(fc.string({ unit: "grapheme" }), anyJson);
    let sure = 0;
    fc.assert(
      fc.property(
        fc.tuple(anyId, anyTs, anyPiece, anyData, anyPiece),
        fc.option(fc.tuple(fc.nat(), fc.constantFrom("", ...bytes)), { freq: 1 }),
        ([id, ts, before, data, after], damage) => {
          const json = printJson(new Map(Object.entries(data)));
          let line = `{"id":"${id}","ts":${ts}${before},"data":${json}${after}}`.toWellFormed();
          if (damage !== null) {
            const at = damage[0] % line.length;
            line = (line.slice(0, at) + damage[1] + line.slice(at + 1)).toWellFormed();
          }
          // The first of the lines that there are now.
          const text = Uint8Array.from(Buffer.from(`${line}\n`));
          expect(kernel.begin("C")).toBe(true);
          const to = kernel.take(text, 0);
          expect(to).toBe(text.length);
          const ends = new Ends();
          kernel.read(0, to, ends, new DigestSums("C"));
          const expected = readLineSpans(text, 0, new RecordSpans());
          expect(ends.length === 0 ? -1 : ends.take()[0]).toBe(expected);
          if (expected >= 0) sure++;
        },
      ),
      { numRuns: 4000 },
    );
    expect(sure).toBeGreaterThan(300);
  });
});
