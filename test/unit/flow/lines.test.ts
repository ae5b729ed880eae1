import { describe, expect, it } from "vitest";
import { LineError, lines } from "../../../src/flow/flow.ts";
import { collect, each } from "../../support/generators.ts";

const chunks = (...parts: (string | number[])[]) =>
  each(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Uint8Array.from(part))));
const texts = async (...parts: (string | number[])[]) =>
  (await collect(lines(chunks(...parts)))).map((line) => line.text);

describe("lines", () => {
  it("splits at newlines wherever the chunks end", async () => {
    expect(await texts("on", "e\ntw", "o", "\n", "three\n")).toEqual(["one", "two", "three"]);
  });

  it("keeps empty lines and a carriage return", async () => {
    expect(await texts("\n\na\r\n")).toEqual(["", "", "a\r"]);
  });

  it("tells a last line that has no newline", async () => {
    const all = await collect(lines(chunks("a\nb")));
    expect(all.map((line) => line.terminated)).toEqual([true, false]);
  });

  it("numbers lines from one and says where each begins", async () => {
    const all = await collect(lines(chunks("é\nab\n\nc\n")));
    expect(all.map(({ number, offset, bytes }) => ({ number, offset, bytes }))).toEqual([
      { number: 1, offset: 0, bytes: 2 },
      { number: 2, offset: 3, bytes: 2 },
      { number: 3, offset: 6, bytes: 0 },
      { number: 4, offset: 7, bytes: 1 },
    ]);
  });

  it("keeps a leading byte order mark", async () => {
    expect(await texts("\uFEFFa\n")).toEqual(["\uFEFFa"]);
  });

  it("joins a character that two chunks share", async () => {
    expect(await texts([0x61, 0xf0, 0x9f], [0x98, 0x80, 0x0a])).toEqual(["a😀"]);
  });

  it("refuses bytes that are not UTF-8 and says in which line", async () => {
    const outcome = texts("good\n", [0x62, 0xff, 0x0a]);
    await expect(outcome).rejects.toMatchObject({ reason: "encoding", line: 2, offset: 5 });
    await expect(outcome).rejects.toBeInstanceOf(LineError);
  });

  it("refuses a line over the limit before it has read it whole", async () => {
    let read = 0;
    const endless = (async function* () {
      for (;;) {
        read++;
        yield new Uint8Array(10).fill(0x61);
      }
    })();
    await expect(collect(lines(endless, { bytesMax: 35 }))).rejects.toMatchObject({
      reason: "length",
      line: 1,
    });
    expect(read).toBe(4);
  });

  it("takes a line that is exactly as long as the limit", async () => {
    const all = await collect(lines(chunks("abc\nabc"), { bytesMax: 3 }));
    expect(all).toHaveLength(2);
  });
});
