import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { release } from "../../../src/flow/flow.ts";
import { pack } from "../../../src/values/packing-job.ts";

beforeAll(async () => {
  for (let bytes = new Uint8Array(1); bytes.length > 0; release(bytes)) await setImmediate();
});

const lineOf = (id: number, bytes: number): string =>
  `{"id":"${id}","ts":${id},"data":{"t":"${"x".repeat(bytes)}"}}\n`;

function summaryOf(text: Buffer): ReturnType<typeof pack> {
  const bytes = new Uint8Array(gzipSync(text));
  const plainBytes = text.length;
  return pack({ kind: "frame", bytes, collection: "C", compression: "gzip", plainBytes });
}

describe("a frame that is summed up", () => {
  it("leaves nothing behind of what it was decompressed into", () => {
    const text = Buffer.from([1, 2, 3, 4].map((id) => lineOf(id, 1024 * 1024)).join(""));
    summaryOf(text);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let n = 0; n < 16; n++) {
      expect(summaryOf(text).summary?.sums.records).toBe(4);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(most).toBeLessThan(2 * text.length);
  });

  it("is no part of a buffer that others share, however small it is", () => {
    const others = Array.from({ length: 50 }, (_, n) => Buffer.from(`a text in Node's pool, ${n}`));
    for (let n = 1; n <= 50; n++) {
      const text = Buffer.from(lineOf(n, n));
      expect(summaryOf(text).summary?.firstId).toBe(String(n));
      expect(others[n - 1]!.toString()).toBe(`a text in Node's pool, ${n - 1}`);
    }
  });
});
