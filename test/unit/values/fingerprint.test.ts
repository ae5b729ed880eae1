import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestRecord } from "../../../src/values/digest.ts";
import { Fingerprint } from "../../../src/values/fingerprint.ts";
import { makeRecord } from "../../../src/values/record.ts";

const refused = expect.objectContaining({ code: "ERR_RECORD" });

const sha = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");

describe("digest and fingerprint", () => {
  const record = makeRecord("1", "5", { dataText: '{"a":1}' });

  it("follow the framing of docs/ARCHIVE_FORMAT.md", () => {
    const content = sha('2:é1:1--7:{"a":1}-');
    expect(digestRecord("é", record)).toEqual({ content, exact: sha(`${content}:5`) });
  });

  it("follow it for large records too, of which no text as large as the data is made", () => {
    for (const letter of ["x", "é", "日"]) {
      const dataText = `{"t":"${letter.repeat(8_000_000)}"}`;
      const data = Buffer.from(dataText);
      const large = makeRecord("1", "5", { dataText });
      const before = process.memoryUsage().heapUsed;
      const { content, exact } = digestRecord("C", large);
      const more = process.memoryUsage().heapUsed - before;
      const framed = createHash("sha256").update(`1:C1:1--${data.length}:`).update(data);
      expect(content).toBe(framed.update("-").digest("hex"));
      expect(exact).toBe(sha(`${content}:5`));
      expect(more).toBeLessThan(4_000_000);
    }
  });

  it("tell apart what only looks alike when strung together", () => {
    const digests = [
      digestRecord("C", record),
      digestRecord("C1", makeRecord("1", "5", { dataText: '{"a":1}' })),
      digestRecord("C", makeRecord("11", "5", { dataText: '{"a":1}' })),
      digestRecord("C", makeRecord("1", "5", { dataText: '{"a":1}', action: "create" })),
      digestRecord("C", makeRecord("1", "5", { dataText: '{"a":1}', ttl: "2999-01-01T00:00:00Z" })),
      digestRecord("C", makeRecord("1", "5", { dataText: "{}", extraText: '{"a":1}' })),
      digestRecord("C", makeRecord("1", "5", { dataText: '{"a":1.0}' })),
      digestRecord("C", makeRecord("1", "5", { action: "delete" })),
    ];
    expect(new Set(digests.map(({ content }) => content)).size).toBe(digests.length);
    expect(new Set(digests.map(({ exact }) => exact)).size).toBe(digests.length);
  });

  it("tell the time of writing apart in one sum and not in the other", () => {
    const [a, b] = [new Fingerprint(), new Fingerprint()];
    a.add("C", record);
    b.add("C", { ...record, ts: 6n });
    expect(a.equals(b)).toBe(false);
    expect(a.equalsContent(b)).toBe(true);
  });

  it("count a record as often as it is there: two equal records do not cancel out", () => {
    const twice = new Fingerprint();
    twice.add("C", record);
    twice.add("C", record);
    expect(twice.records).toBe(2);
    expect(twice.equals(new Fingerprint())).toBe(false);
  });

  it("read back from what manifests hold, and refuse what is no fingerprint", () => {
    const fingerprint = new Fingerprint();
    fingerprint.add("C", record);
    expect(Fingerprint.parse(fingerprint.toJSON()).equals(fingerprint)).toBe(true);
    expect(() => Fingerprint.parse({ records: 1, exact: "x", content: "" })).toThrow(refused);
  });
});
