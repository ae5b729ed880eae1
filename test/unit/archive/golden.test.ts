import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  checkArchive,
  openArchive,
  parseDefinitionLine,
  type Unlock,
} from "../../../src/archive/archive.ts";
import { FolderStore } from "../../../src/store/store.ts";
import { printRecord } from "../../../src/values/record.ts";
import { TEST_IDENTITY } from "../../support/age.ts";
import { collect } from "../../support/generators.ts";

const GOLDEN = join(import.meta.dirname, "../../fixtures/golden/v1");
const expected = readFileSync(join(GOLDEN, "expected.ndjson"), "utf8").split("\n").slice(0, -1);
const hasZstd = "createZstdCompress" in zlib;
const golden = (archive: string) => new FolderStore(join(GOLDEN, archive));

/** What these archives say of `Nasty`; written down once, when the format was. */
const FINGERPRINT = {
  records: 16,
  exact: "c441976a355895ff846b5ae64232e1f5e66d4cc6938fc1c06d06f30db5e4e516",
  content: "5ccf2a9a5507e6257be5eb253065de4daeaba3f590daa9ab4888d4d7ff64cd4c",
};

/** What the archive with history says of the past of `Past`. */
const PAST = {
  records: 8,
  exact: "cba1ca458af5b8d7d832f8f383a0b21a595a162e2c9c80a14a27eb1ec2f0476b",
  content: "624a43a3e02fcd041a1c4ef17a9a92ed6d83487bf076e0c327a91dec57f92b7f",
};

interface Readable {
  readonly archive: string;
  readonly unlock?: Unlock;
}

const readable: readonly Readable[] = [
  { archive: "none" },
  { archive: "gzip" },
  ...(hasZstd ? [{ archive: "zstd" }] : []),
  { archive: "age", unlock: { identities: [TEST_IDENTITY] } },
  { archive: "age", unlock: { passphrase: "golden passphrase" } },
  { archive: "age-hidden", unlock: { identities: [TEST_IDENTITY] } },
];

describe.each(readable)("the golden archive of format version 1, $archive", (each) => {
  const { unlock } = each;
  it("gives every record, definition and schema file", async () => {
    const archive = await openArchive(golden(each.archive), unlock);
    const nasty = archive.collection("Nasty");
    const frames = await collect(archive.records(nasty));
    expect(frames.flatMap(({ records }) => records).map(printRecord)).toEqual(expected);
    expect(nasty).toMatchObject({ documents: 16, historyDays: 30, fingerprint: FINGERPRINT });
    expect(archive.collection("empty").documents).toBe(0);
    expect(archive.collection("docs", ["child"])).toMatchObject({ documents: 3, ttlDays: 7 });
    expect((await archive.record(nasty, "104"))?.dataText).toContain('"api_version":"4"');
    expect([...(await archive.fsl()).keys()]).toEqual(["main.fsl", "sub/Über.fsl"]);
    const definitions = await collect(archive.definitions("collections"));
    expect(definitions.map((line) => parseDefinitionLine(line, "").name)).toEqual([
      "Nasty",
      "empty",
    ]);
    expect(archive.manifest.snapshot.time).toBe("2026-11-21T11:05:07.540123Z");
  });

  it("passes the check of today", async () => {
    const report = await checkArchive(golden(each.archive), { unlock });
    expect(report).toMatchObject({ problems: [], notes: [], documents: 19, opened: true });
  });
});

describe("an archive in zstd", () => {
  it("opens everywhere; its documents are refused only where Node has no zstd", async () => {
    const archive = await openArchive(golden("zstd"));
    expect(archive.manifest.totals.documents).toBe(19);
    const reading = collect(archive.records(archive.collection("Nasty")));
    if (hasZstd) expect((await reading).flatMap(({ records }) => records)).toHaveLength(16);
    else
      await expect(reading).rejects.toMatchObject({
        code: "ERR_USAGE",
        hint: expect.stringContaining("22.15"),
      });
  });
});

// Nothing of src/ below: only what docs/ARCHIVE_FORMAT.md says.

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const frame = (text: string | undefined) =>
  text === undefined ? "-" : `${Buffer.byteLength(text)}:${text}`;

/** A record's parts as text. In these lines `"extra"` occurs only as the member. */
const LINE =
  /^\{"id":"(\d+)","ts":(-?\d+)(?:,"ttl":\{"@ts":"([^"]+)"\})?,"data":(\{.*?\})(?:,"extra":(\{.*\}))?\}$/su;

/** As {@link LINE}, of a history. */
const PAST_LINE =
  /^\{"id":"(\d+)","ts":(-?\d+),"action":"(\w+)"(?:,"ttl":\{"@ts":"([^"]+)"\})?(?:,"data":(\{.*?\}))?(?:,"extra":(\{.*\}))?\}$/su;

function digests(collection: string, line: string): { exact: bigint; content: bigint } {
  const [, id, ts, ttl, data, extra] = LINE.exec(line) ?? [];
  const content = sha256([collection, id, undefined, ttl, data, extra].map(frame).join(""));
  return { content: BigInt(`0x${content}`), exact: BigInt(`0x${sha256(`${content}:${ts}`)}`) };
}

const file = (name: string) => readFileSync(join(GOLDEN, "gzip", name));
const hex = (sum: bigint) => (sum % 2n ** 256n).toString(16).padStart(64, "0");

describe("docs/ARCHIVE_FORMAT.md", () => {
  it("is enough to read and prove an archive without this program", () => {
    const manifest = JSON.parse(file("manifest.json").toString());
    expect(file("manifest.json.sha256").toString()).toBe(
      `${sha256(file("manifest.json"))}  manifest.json\n`,
    );
    for (const { path, collections } of manifest.databases) {
      for (const { name, segments, fingerprint } of collections) {
        let exact = 0n;
        let content = 0n;
        let records = 0;
        const all: string[] = [];
        for (const segment of segments) {
          const bytes = file(segment.file);
          expect(sha256(bytes)).toBe(segment.sha256);
          const text = zlib.gunzipSync(bytes).toString();
          expect(Buffer.byteLength(text)).toBe(segment.plainBytes);
          all.push(...text.split("\n").slice(0, -1));
        }
        for (const line of all) {
          const digest = digests(name, line);
          exact += digest.exact;
          content += digest.content;
          records++;
        }
        expect({ records, exact: hex(exact), content: hex(content) }).toEqual(fingerprint);
        if (name === "Nasty" && path.length === 0) expect(all).toEqual(expected);
      }
    }
  });
});

const pastLines = readFileSync(join(GOLDEN, "expected-history.ndjson"), "utf8")
  .split("\n")
  .slice(0, -1);

describe("the golden archive of format version 1 with the feature history", () => {
  it("gives every version and deletion", async () => {
    const archive = await openArchive(golden("history"));
    const past = archive.collection("Past");
    const frames = await collect(archive.history(past));
    expect(frames.flatMap(({ records }) => records).map(printRecord)).toEqual(pastLines);
    expect(past.history).toMatchObject({ from: "0", versions: 8, fingerprint: PAST });
    expect(archive.collection("NoPast").history).toBeUndefined();
    const report = await checkArchive(golden("history"));
    expect(report).toMatchObject({ problems: [], notes: [], documents: 1, versions: 8 });
  });

  it("is read and proven with what docs/ARCHIVE_FORMAT.md says", () => {
    const bytes = (name: string) => readFileSync(join(GOLDEN, "history", name));
    const manifest = JSON.parse(bytes("manifest.json").toString());
    const { name, history } = manifest.databases[0].collections.at(-1);
    const all: string[] = [];
    for (const segment of history.segments) {
      expect(sha256(bytes(segment.file))).toBe(segment.sha256);
      all.push(...zlib.gunzipSync(bytes(segment.file)).toString().split("\n").slice(0, -1));
    }
    expect(all).toEqual(pastLines);
    const sums = { exact: 0n, content: 0n };
    for (const line of all) {
      const [, id, ts, action, ttl, data, extra] = PAST_LINE.exec(line) ?? [];
      const content = sha256([name, id, action, ttl, data, extra].map(frame).join(""));
      sums.content += BigInt(`0x${content}`);
      sums.exact += BigInt(`0x${sha256(`${content}:${ts}`)}`);
    }
    expect({ records: 8, exact: hex(sums.exact), content: hex(sums.content) }).toEqual(PAST);
    expect(history.fingerprint).toEqual(PAST);
  });
});
