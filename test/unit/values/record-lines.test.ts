import { setImmediate } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { release } from "../../../src/flow/flow.ts";
import { RecordLines } from "../../../src/values/record-lines.ts";

beforeAll(async () => {
  for (let bytes = new Uint8Array(1); bytes.length > 0; release(bytes)) await setImmediate();
});

describe("lines whose memory is given back", () => {
  it("are still known, and may be given back once more", () => {
    const records = [1, 2, 3].map((id) => ({ id: String(id), ts: BigInt(id), dataText: "{}" }));
    const lines = RecordLines.of("C", records)!;
    const { fingerprint } = lines;
    const whole = lines.bytes(0, 3);
    lines.release();
    expect(whole.length).toBe(0);
    lines.release();
    expect([lines.length, lines.firstId, lines.lastId, lines.maxTs]).toEqual([3, "1", "3", 3n]);
    expect(lines.fingerprint.equals(fingerprint)).toBe(true);
  });
});
