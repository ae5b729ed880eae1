import { setImmediate } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { release } from "../../../src/flow/flow.ts";

beforeAll(async () => {
  for (let bytes = new Uint8Array(1); bytes.length > 0; release(bytes)) await setImmediate();
});

describe("release", () => {
  it("leaves bytes empty, and gives their memory back before the collector comes by", () => {
    const size = 16 * 1024 * 1024;
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let n = 0; n < 64; n++) {
      const bytes = new Uint8Array(size).fill(n);
      release(bytes);
      expect(bytes.length).toBe(0);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    // A gigabyte went through it.
    expect(most).toBeLessThan(2 * size);
  });

  it("leaves bytes alone that are a part of others", () => {
    const whole = new Uint8Array(100).fill(7);
    release(whole.subarray(0, 99));
    release(whole.subarray(1));
    expect(whole).toEqual(new Uint8Array(100).fill(7));
    const pooled = Buffer.from("a text in Node's pool");
    release(pooled);
    expect(pooled.toString()).toBe("a text in Node's pool");
  });

  it("takes bytes that were released already, and none", () => {
    const bytes = new Uint8Array(10);
    release(bytes);
    release(bytes);
    release(new Uint8Array());
    expect(bytes.length).toBe(0);
  });
});
