// Real processes, real files: one writes an archive without end and is killed, or runs out of room.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createArchive, openArchive } from "../../src/archive/archive.ts";
import { UNSEALED } from "../../src/archive/age.ts";
import { codecFor } from "../../src/archive/compression.ts";
import { readJournal } from "../../src/archive/journal.ts";
import { readSegment } from "../../src/archive/segment-reader.ts";
import { FolderStore } from "../../src/store/store.ts";
import { Fingerprint } from "../../src/values/fingerprint.ts";
import { options } from "../support/archives.ts";
import { compileSource } from "../support/compiled.ts";
import { temporaryFolder } from "../support/folders.ts";
import { collect } from "../support/generators.ts";

/** Writes segments of 20 kB until something ends it; says each file once it is durable. */
const WRITER = `
const [source, folder] = process.argv.slice(2);
const { createArchive } = await import(source + "/archive/archive.js");
const { FolderStore } = await import(source + "/store/store.js");
async function* endless() {
  for (let i = 0; ; i += 100)
    yield Array.from({ length: 100 }, (_, k) => ({ id: String(i + k), ts: BigInt(i), dataText: JSON.stringify({ n: i + k }) }));
}
const writer = await createArchive(new FolderStore(folder), {
  tool: { name: "fauna-ark", version: "0" },
  source: { endpoint: "http://127.0.0.1", database: null, globalId: null },
  snapshotTs: 1n, compression: "none", segmentBytes: Number(process.argv[4]), frameBytes: 2000,
});
try {
  await writer.database().collection("docs").write(endless(), { onSegment: ({ file }) => console.log(file) });
} catch (error) {
  console.log(JSON.stringify({ code: error.code, place: error.place, hint: error.hint }));
}
`;

let source: string;
beforeAll(() => {
  const compiled = compileSource();
  source = compiled.folder;
  return compiled.remove;
});

/** Starts the writer by a shell, which may set limits first. */
async function startWriter(folder: string, segmentBytes: number, limits = "true") {
  const script = join(await temporaryFolder(), "writer.mjs");
  await writeFile(script, WRITER);
  const command = `${limits}; exec "$0" "$@"`;
  const args = [process.execPath, script, source, folder, String(segmentBytes)];
  const child = spawn("sh", ["-c", command, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, said: createInterface({ input: child.stdout }) };
}

const report = (problem: unknown) => expect.fail(JSON.stringify(problem));

describe.runIf(process.platform !== "win32")("a process that writes an archive", () => {
  it.each([0, 1, 2, 5, 13])(
    "and is killed after %d segments has kept all that it called done, and no archive",
    async (count) => {
      const folder = join(await temporaryFolder(), "archive");
      const { child, said } = await startWriter(folder, 20_000);
      const done: string[] = [];
      const exited = once(child, "exit");
      for await (const file of said) {
        if (done.length >= count) child.kill("SIGKILL");
        done.push(file);
      }
      await exited;

      const store = new FolderStore(folder);
      await expect(openArchive(store)).rejects.toMatchObject({
        code: "ERR_ARCHIVE_INCOMPLETE",
        message: expect.stringContaining("never finished"),
      });
      await expect(createArchive(store, options())).rejects.toMatchObject({
        code: "ERR_TARGET_NOT_EMPTY",
        message: expect.stringContaining("did not finish"),
      });
      const { segments } = await readJournal(store);
      const noted = segments.map(({ segment }) => segment.file);
      expect(noted).toEqual(expect.arrayContaining(done));
      for (const { collection, segment } of segments) {
        const codec = codecFor("none");
        const fingerprint = new Fingerprint();
        const frames = await collect(
          readSegment({ store, opener: UNSEALED }, segment, {
            collection,
            codec,
            fingerprint,
            report,
          }),
        );
        expect(frames.flatMap((frame) => frame.records)).toHaveLength(segment.records);
      }
    },
  );

  it("and runs out of room says so, and leaves nothing half-written", async () => {
    const folder = join(await temporaryFolder(), "archive");
    // Blocks of 512 bytes: no file may be larger than 50 kB.
    const { child, said } = await startWriter(folder, 100_000, "ulimit -f 100");
    const [answer, [status]] = await Promise.all([collect(said), once(child, "exit")]);
    expect(status).toBe(0);
    expect(JSON.parse(answer.at(-1) ?? "")).toEqual({
      code: "ERR_DISK_FULL",
      place: expect.stringContaining(join(folder, "data/docs/")),
      hint: expect.stringContaining("Make room"),
    });
    const names = await readdir(folder, { recursive: true });
    expect(names.toSorted()).toEqual(["data", "data/docs", "journal", "journal/run.json"]);
    await expect(openArchive(new FolderStore(folder))).rejects.toMatchObject({
      code: "ERR_ARCHIVE_INCOMPLETE",
    });
  });
});
