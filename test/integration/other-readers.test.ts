/** Archives are read by tools that know nothing of us. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import ndjson from "ndjson";
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/archive/archive.ts";
import { exportDatabase } from "../../src/export/export.ts";
import { connect } from "../../src/fauna/fauna.ts";
import { emulatorTarget } from "../support/emulator.ts";
import { temporaryFolder } from "../support/folders.ts";

describe("an archive", () => {
  it("is read whole by gunzip and the ndjson package, with the counts and checksums of its manifest", async () => {
    const emulator = await emulatorTarget();
    const source = connect({ endpoint: emulator.endpoint, secret: emulator.secret });
    const archive = join(await temporaryFolder(), "archive");
    try {
      await source.v10(`Collection.create({ name: "Product" })`);
      await source.v10(
        `Set.sequence(0, 500).forEach(n => Product.create({ id: (n + 1).toString(), n: n, name: "cup ✓" }))`,
      );
      await exportDatabase({ source, target: archive, rangeDocuments: 100, segmentBytes: 10_000 });
    } finally {
      await source.close();
      await emulator.close();
    }
    const manifest = JSON.parse(await readFile(join(archive, "manifest.json"), "utf8")) as Manifest;
    const ids: string[] = [];
    for (const { file, sha256 } of manifest.databases[0]!.collections[0]!.segments) {
      const digest = createHash("sha256").update(await readFile(join(archive, file)));
      expect(digest.digest("hex")).toBe(sha256);
      const reader = ndjson.parse({ strict: true });
      reader.on("data", ({ id, data }: { id: string; data: object }) => {
        ids.push(id);
        expect(data).toEqual({ n: Number(id) - 1, name: "cup ✓" });
      });
      await pipeline(createReadStream(join(archive, file)), createGunzip(), reader);
    }
    expect(ids).toEqual(Array.from({ length: 500 }, (_, n) => String(n + 1)));
  });
});
