/** `fauna-ark demo`: the main job on a sample database, with nothing to install. */
import { join } from "node:path";
import { prepareDemoFolder } from "../demo/place.ts";
import { buildSample } from "../demo/build.ts";
import { SAMPLE_SIZE } from "../demo/sample.ts";
import { exportDatabase } from "../../export/export.ts";
import { connect } from "../../fauna/fauna.ts";
import { createDatabase, importArchive } from "../../import/import.ts";
import {
  type CollectionSummary,
  showArchive,
  showCollection,
  showDocument,
  type VerifyReport,
  verifyArchive,
} from "../../verify/verify.ts";
import type { CommandSpec } from "../command.ts";
import { placeIn } from "../place.ts";
import { TOOL } from "../version.ts";
import { printJsonReport, withProgress } from "../with-progress.ts";
import { columns, count, counted } from "../words.ts";
import { exportSummary } from "./export.ts";
import { importSummary } from "./import.ts";
import { archiveSummary } from "./show.ts";
import { failUnlessEqual, verifySummary } from "./verify.ts";

/** The database that the demo imports into. */
const COPY = "copy";

export const demoCommand: CommandSpec = {
  name: "demo",
  summary: "Build a sample database, export it, import it into an empty one, and compare the two",
  positionals: [],
  options: [
    {
      name: "out",
      type: "text",
      placeholder: "DIR",
      summary: "Folder for the archive; the demo empties it only if it made it",
      default: "demo-out",
    },
  ],
  examples: [
    { line: "fauna-ark demo", about: "With the archive in ./demo-out/archive" },
    { line: "fauna-ark demo --out /tmp/fauna-demo", about: "With it somewhere else" },
  ],
  exits: {
    2: "usage, or the folder is not the demo's own",
    13: "the folder cannot be written",
    50: "the copy differs",
    130: "stopped by Ctrl-C",
  },
  async run(args, terminal) {
    const { signal } = terminal;
    const json = args.flag("json");
    const say = (text: string) => (json ? terminal.err(text) : terminal.out(text));
    const heading = (text: string) => say(`\n== ${text}\n`);
    const folder = placeIn(terminal, args.text("out")!);
    const archive = join(folder, "archive");
    await prepareDemoFolder(folder);

    const { startEmulator } = await import("../../emulator/emulator.ts");
    const emulator = await startEmulator();
    const source = connect({ endpoint: emulator.endpoint, secret: emulator.secret });
    try {
      heading(`1. A bookshop, built in the emulator on ${emulator.endpoint}`);
      const statements = await withProgress(args, terminal, (onProgress) =>
        buildSample(source, { size: SAMPLE_SIZE, signal, onProgress }),
      );
      say(`${counted(statements, "statement")} of FQL v10 and v4 made collections with types, computed fields,
constraints and indexes, functions, roles, an access provider, and documents with
every type of value that Fauna knows.\n`);

      heading("2. Export");
      const exported = await withProgress(args, terminal, (onProgress) =>
        exportDatabase({ source, target: archive, tool: TOOL, signal, onProgress }),
      );
      say(exportSummary(exported));

      heading("3. What is in the archive");
      say(archiveSummary(await showArchive(archive)));
      say(await sampleLines(archive));

      heading(`4. Import into the empty database ${COPY}`);
      const target = await createDatabase(source, COPY, { signal });
      const imported = await withProgress(args, terminal, (onProgress) =>
        importArchive({
          source: archive,
          target,
          deadLetterFile: join(folder, "refused.ndjson"),
          signal,
          onProgress,
        }),
      );
      say(importSummary(imported));

      heading("5. Compare: the archive, the source, the copy");
      const sourceReport = await withProgress(args, terminal, (onProgress) =>
        verifyArchive({ archive, against: source, signal, onProgress }),
      );
      const copyReport = await withProgress(args, terminal, (onProgress) =>
        verifyArchive({ archive, against: target, signal, onProgress }),
      );
      say(await comparison(archive, sourceReport, copyReport));
      if (json) {
        printJsonReport(terminal, {
          exported,
          imported,
          source: sourceReport,
          copy: copyReport,
        });
      }
      for (const report of [sourceReport, copyReport]) {
        if (!report.equal) say(verifySummary(report));
        failUnlessEqual(report);
      }

      heading("Where to look next");
      say(whereToLook(archive));
      return 0;
    } finally {
      await source.close();
      await emulator.close();
    }
  },
};

const SHOWN = [
  ["Order", "7000000"],
  ["Everything", "2"],
  ["Everything", "100"],
] as const;

/** A few records as they stand in the archive. */
async function sampleLines(archive: string): Promise<string> {
  const lines = [];
  for (const [collection, id] of SHOWN) {
    lines.push(`\n${collection} ${id}\n  ${await showDocument(archive, collection, id)}\n`);
  }
  return lines.join("");
}

/** Counts and fingerprints of archive, source and copy side by side. */
async function comparison(
  archive: string,
  source: VerifyReport,
  copy: VerifyReport,
): Promise<string> {
  const head = ["collection", "archive", "source", "copy", "fingerprint", ""];
  const rows = [];
  for (const { name, archived, live, equal } of source.against?.collections ?? []) {
    const other = copy.against?.collections.find((each) => each.name === name);
    const { fingerprint }: CollectionSummary = await showCollection(archive, name);
    const newTs = other?.counts.newTs ?? 0;
    rows.push([
      name,
      count(archived),
      count(live),
      count(other?.live ?? 0),
      `${fingerprint.exact.slice(0, 12)}…`,
      equal && other?.equal === true
        ? `equal${newTs === 0 ? "" : `, ${count(newTs)} with a new ts`}`
        : "DIFFERENT",
    ]);
  }
  const summary = await showArchive(archive);
  const definitions = Object.values(summary.definitions).reduce(
    (sum, each) => sum + each.length,
    0,
  );
  const schema =
    differing(source) + differing(copy) === 0
      ? `${counted(definitions, "definition")} and ${counted(summary.files.length, "schema file")} are the same in all three.`
      : `Definitions differ: ${count(differing(source))} in the source, ${count(differing(copy))} in the copy.`;
  const verdict =
    source.equal && copy.equal
      ? "The source and its copy are equal: counts, fingerprints and schema."
      : "The source and its copy DIFFER.";
  return `${columns([head, ...rows], { indent: "", right: [1, 2, 3] })}\n${schema}\n${verdict}\n`;
}

const differing = ({ against }: VerifyReport) => against?.definitions.length ?? 0;

function whereToLook(archive: string): string {
  return `  ${archive}/manifest.json     what the archive holds, with every checksum
  ${archive}/schema/fsl/       the schema as Fauna's own files
  zcat ${archive}/data/order*/*.gz | head -3
  fauna-ark show ${archive} Order 7000000
  docs/CLI.md and docs/ARCHIVE_FORMAT.md of the repository: every command, and the format

To do the same with a database of your own (in a clone, fauna-ark is node dist/cli/main.js):
  export FAUNA_ENDPOINT=http://127.0.0.1:8443 FAUNA_SECRET=secret
  fauna-ark export my-archive && fauna-ark verify my-archive --against
`;
}
