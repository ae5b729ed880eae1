import { describe, expect, it } from "vitest";
import { arrayElements, type ArrayElementsOptions } from "../../../src/values/array-elements.ts";

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function elements(
  text: string | Uint8Array,
  size = 3,
  options?: ArrayElementsOptions,
): Promise<string[]> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const found: string[] = [];
  for await (const element of arrayElements(chunked(bytes, size), options)) found.push(element);
  return found;
}

describe("splitting a JSON array", () => {
  const parts = ['{"a":"],[\\"é😀"}', "[1,[2]]", '"x,]"', "-1.0E10", "null", '{"\\\\":"\\\\"}'];

  it("gives every element as it is spelled, whatever the chunks", async () => {
    const text = ` [ ${parts.join(" ,\n ")} ] \n`;
    for (const size of [1, 2, 3, 7, 1000]) expect(await elements(text, size)).toEqual(parts);
  });

  it("gives nothing of an empty array", async () => {
    expect(await elements(" [ ] ")).toEqual([]);
  });

  it("refuses an array that ends early, at whatever byte", async () => {
    const bytes = new TextEncoder().encode(`[${parts.join(",")}]`);
    for (let length = 0; length < bytes.length; length += 1) {
      await expect(elements(bytes.subarray(0, length))).rejects.toMatchObject({
        code: "ERR_RECORD",
      });
    }
  });

  it.each([
    ['{"a":1}', 0],
    ["[1] [2]", 4],
    ["[1,]", 3],
    ["[,1]", 1],
    ["[1,,2]", 3],
    ["[}]", 1],
  ])("refuses %s and says where", async (text, offset) => {
    await expect(elements(text, 2, { place: "C.json" })).rejects.toMatchObject({
      code: "ERR_RECORD",
      place: "C.json",
      details: { offset },
    });
  });

  it("refuses bytes that are not UTF-8, and elements over the limit", async () => {
    await expect(elements(Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d))).rejects.toMatchObject({
      code: "ERR_RECORD",
    });
    await expect(elements('["123456789"]', 2, { bytesMax: 5 })).rejects.toThrow(/at most 5 bytes/);
  });
});
