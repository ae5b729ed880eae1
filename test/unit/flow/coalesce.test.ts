import { describe, expect, it } from "vitest";
import { coalesce } from "../../../src/flow/flow.ts";
import { collect, counting, each } from "../../support/generators.ts";

const bytes = (...texts: string[]) => each(texts.map((text) => new Uint8Array(Buffer.from(text))));
const texts = (chunks: readonly Uint8Array[]) =>
  chunks.map((chunk) => Buffer.from(chunk).toString());

describe("coalesce", () => {
  it("joins chunks until the minimum is reached; only the last may be shorter", async () => {
    const chunks = await collect(coalesce(bytes("a", "bc", "", "d", "efgh", "i"), 3));
    expect(texts(chunks)).toEqual(["abc", "defgh", "i"]);
  });

  it("hands on a large chunk without copying it", async () => {
    const large = new Uint8Array(100);
    const [only] = await collect(coalesce(each([large]), 10));
    expect(only).toBe(large);
  });

  it("yields nothing for nothing, and for empty chunks", async () => {
    expect(await collect(coalesce(bytes("", "")))).toEqual([]);
  });

  it("closes its source when the consumer leaves early", async () => {
    const source = counting(5);
    const chunks = (async function* () {
      for await (const n of source.items) yield new Uint8Array([n]);
    })();
    for await (const _ of coalesce(chunks, 1)) break;
    expect(source.closed).toBe(true);
  });
});
