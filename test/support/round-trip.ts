/** A database, its archive, and the copy made from it, each read by a reader that shares nothing with the toolkit. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExportReport, exportDatabase } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { type ImportReport, importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { type VerifyReport, verifyArchive } from "../../src/verify/verify.ts";
import { type Bench, withNewTs } from "./bench.ts";
import { type DatabaseContent, differences } from "./independent-reader.ts";

export interface RoundTrip {
  readonly source: Connection;
  readonly copy: Connection;
  readonly archive: MemoryStore;
  readonly exported: ExportReport;
  readonly imported: ImportReport;
  readonly verified: VerifyReport;
  readonly before: DatabaseContent;
  readonly after: DatabaseContent;
  /** Everything that differs but for the `ts` that the import says it had to change. */
  readonly differences: readonly string[];
}

/** Builds a database, exports it, imports that into an empty one. */
export async function roundTrip(
  bench: Bench,
  build: (source: Connection) => Promise<unknown>,
): Promise<RoundTrip> {
  const source = await bench.emptyDatabase();
  await build(source);
  const archive = new MemoryStore();
  const exported = await exportDatabase({ source, target: archive });
  const copy = await bench.emptyDatabase();
  const folder = await mkdtemp(join(tmpdir(), "fauna-ark-"));
  const imported = await importArchive({
    source: archive,
    target: copy,
    deadLetterFile: `${folder}/refused.ndjson`,
  });
  await rm(folder, { recursive: true });
  const verified = await verifyArchive({ archive, against: copy });
  const before = await bench.read(source);
  const after = await bench.read(copy);
  return {
    source,
    copy,
    archive,
    exported,
    imported,
    verified,
    before,
    after,
    differences: differences(before, after, withNewTs(imported)),
  };
}
