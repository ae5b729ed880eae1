/** `fauna-ark export`: a database becomes an archive. */
import type { Compression, Encryption } from "../../archive/archive.ts";
import {
  type ExportReport,
  exportDatabase,
  restoredText,
  restoreHistory,
} from "../../export/export.ts";
import type { Arguments } from "../arguments.ts";
import { choiceOptions } from "../choice.ts";
import type { CommandSpec } from "../command.ts";
import {
  DATABASE_OPTION,
  ENDPOINT_OPTIONS,
  FOUND_PAGE_SIZE_OPTION,
  MAX_MEMORY_OPTION,
  TRANSPORT_OPTIONS,
  timeoutMs,
  windowOption,
  withDatabase,
} from "../database.ts";
import { ENCRYPT_OPTIONS, encryptionOf } from "../encryption.ts";
import { fidelitySummary } from "../fidelity.ts";
import { AT_OPTION, momentOf } from "../moment.ts";
import { placeIn } from "../place.ts";
import type { Terminal } from "../terminal.ts";
import { hintAtResuming } from "../resume-hint.ts";
import { tuningOf } from "../tuning.ts";
import { TOOL } from "../version.ts";
import { printJsonReport, withProgress } from "../with-progress.ts";
import { columns, count, counted, duration, size, some } from "../words.ts";

export const exportCommand: CommandSpec = {
  name: "export",
  summary: "Export a database, as it is at one moment, to a folder of NDJSON files",
  positionals: [
    {
      name: "archive",
      summary: "Folder to write; it must be empty or not exist yet, but for --resume",
      required: true,
    },
  ],
  options: [
    ...ENDPOINT_OPTIONS,
    DATABASE_OPTION,
    ...choiceOptions("Export"),
    {
      name: "recursive",
      type: "flag",
      summary: "Export the child databases too, however deep, all at the same moment",
    },
    {
      name: "history",
      type: "flag",
      summary: "Export every version and deletion inside the history window too; FQL v4 tells them",
    },
    AT_OPTION,
    {
      name: "extend-history",
      type: "flag",
      summary:
        "Raise history_days while the export runs, so that it may take longer than the window, and put them back",
      callOnly: true,
    },
    {
      name: "history-days",
      type: "count",
      placeholder: "DAYS",
      summary: "What --extend-history raises history_days to, where there are less",
      default: "7",
      min: 1,
      max: 36_500,
    },
    {
      name: "restore-history",
      type: "flag",
      summary:
        "Export nothing, but put back what an --extend-history that was killed has left raised",
      callOnly: true,
    },
    {
      name: "catch-up",
      type: "flag",
      summary:
        "Read each collection at moments of its own, then the event feeds up to one moment, so that it may take longer than the window",
    },
    {
      name: "resume",
      type: "flag",
      summary:
        "Go on with the export that was interrupted in this folder, at its moment; begin one where there is none",
    },
    {
      name: "secrets",
      type: "flag",
      summary: "Export credentials, keys and tokens with their hashes; needs an encrypted archive",
    },
    {
      name: "plaintext-secrets",
      type: "flag",
      summary: "Let --secrets write hashes into an archive that is not encrypted",
      callOnly: true,
    },
    {
      name: "compress",
      type: "choice",
      choices: ["gzip", "zstd", "none"],
      summary: "How segments are stored; zstd needs Node 22.15 or newer",
      default: "gzip",
    },
    {
      name: "segment-size",
      type: "bytes",
      placeholder: "SIZE",
      summary: "Plain bytes of one segment, at most",
      default: "64MiB",
      min: 1024,
    },
    ...ENCRYPT_OPTIONS,
    windowOption(
      "Id ranges read at once; without it at most twice the processors, at least 8, as many of them as turns out best",
    ),
    FOUND_PAGE_SIZE_OPTION,
    MAX_MEMORY_OPTION,
    ...TRANSPORT_OPTIONS,
  ],
  examples: [
    { line: "fauna-ark export ./archive", about: "The database of FAUNA_ENDPOINT, FAUNA_SECRET" },
    {
      line: "fauna-ark export ./archive --database shop --exclude 'log_*'",
      about: "A child database, without the documents of its logs",
    },
    {
      line: "fauna-ark export ./archive --at 2026-11-21T09:30:00Z",
      about: "As the database was then, as far as its history reaches back",
    },
    {
      line: "fauna-ark export ./archive --extend-history",
      about: "One that takes longer than the history window is open",
    },
    {
      line: "fauna-ark export ./archive --catch-up",
      about: "The same, without a change to the database",
    },
    {
      line: "fauna-ark export ./archive --recursive --secrets --encrypt-to age1…",
      about: "The whole tree of databases, with passwords and keys that go on working",
    },
    {
      line: "fauna-ark export ./archive --resume",
      about: "The rest of one that was interrupted, as of the moment it began",
    },
    {
      line: "fauna-ark export ./archive --profile prod --json > report.json",
      about: "With a profile of the config file, for a script",
    },
  ],
  exits: {
    2: "usage, the folder is not empty, or --extend-history in a protected database",
    3: "done, but history_days could not be put back",
    10: "the endpoint does not answer as Fauna",
    11: "the secret is not valid",
    12: "the secret's role may not read everything",
    13: "the folder cannot be written, or the disk is full",
    30: "the history window ran out before the end, or does not reach back to --at",
    31: "a budget of ops is used up; go on with a new one",
    40: "the database refused a request",
    75: "too busy, the connection was lost, or another run is writing there; try again",
    130: "stopped by Ctrl-C",
  },
  async run(args, terminal) {
    const target = placeIn(terminal, args.required("archive"));
    if (args.flag("restore-history")) return restore(args, terminal, target);
    const encryption = await encryptionOf(args, terminal);
    const report = await withDatabase(args, terminal, (source) =>
      withProgress(args, terminal, (onProgress) =>
        exportDatabase({
          source,
          target,
          collections: args.list("collection"),
          exclude: args.list("exclude"),
          schemaOnly: args.flag("schema-only"),
          dataOnly: args.flag("data-only"),
          recursive: args.flag("recursive"),
          history: args.flag("history"),
          at: momentOf(args),
          extendHistory: args.flag("extend-history") ? args.number("history-days") : undefined,
          catchUp: args.flag("catch-up"),
          resume: args.flag("resume"),
          secrets: args.flag("secrets"),
          plaintextSecrets: args.flag("plaintext-secrets"),
          compression: args.text("compress") as Compression,
          encryption,
          segmentBytes: args.number("segment-size"),
          window: args.number("window"),
          pageSize: args.number("page-size"),
          maxMemory: args.number("max-memory"),
          onTuned: tuningOf(args, terminal),
          timeoutMs: timeoutMs(args),
          tool: TOOL,
          signal: terminal.signal,
          onProgress,
          onNotice: (text) => terminal.err(`${text}\n`),
        }),
      ),
    ).catch(async (error: unknown) => {
      await hintAtResuming(error, args, terminal, target);
      throw error;
    });
    if (args.flag("json")) printJsonReport(terminal, report);
    else terminal.err(exportSummary(report, encryption));
    return 0;
  },
};

/** Puts back what an export that was killed has left raised. */
async function restore(args: Arguments, terminal: Terminal, archive: string): Promise<number> {
  const restored = await withDatabase(args, terminal, (source) =>
    restoreHistory({ source, archive, timeoutMs: timeoutMs(args) }),
  );
  if (args.flag("json")) printJsonReport(terminal, { restoredHistory: restored ?? null });
  else {
    const nothing = "Nothing is raised: no export was killed here while it kept history longer.";
    terminal.err(`${restored === undefined ? nothing : restoredText(restored)}\n`);
  }
  return 0;
}

/** What an export did, for people. */
export function exportSummary(report: ExportReport, encryption?: Encryption): string {
  const { documents, definitions, snapshot, storedBytes, plainBytes, segments } = report;
  const rate = report.seconds > 0 ? Math.round(documents / report.seconds) : documents;
  const lines = [
    `Exported ${counted(documents, "document")} and ${counted(definitions, "definition")}.\n`,
    columns([
      ["as of", `${snapshot.time} (ts ${snapshot.ts})`],
      ["to", report.archive],
      ...(encryption === undefined ? [] : [["encrypted", readersOf(encryption)]]),
      ...resumedRow(report),
      ...caughtUpRow(report),
      [
        "size",
        `${size(storedBytes)} in ${counted(segments, "segment")}, ${size(plainBytes)} as plain NDJSON`,
      ],
      ...historyRow(report),
      [
        "took",
        `${duration(report.seconds)}, ${counted(report.requests, "request")}, ${count(rate)} documents/s`,
      ],
    ]),
  ];
  if (report.collections.length > 0) {
    lines.push(
      "\n",
      columns(
        report.collections.map(({ database, name, documents: number }) => [
          inDatabase(name, database),
          count(number),
        ]),
        { right: [1] },
      ),
    );
  }
  return [
    ...lines,
    notesSummary("What could not be kept exactly:", report.notes),
    fidelitySummary(report.fidelity),
  ].join("");
}

/** What an earlier run had done already. */
function resumedRow({ resumed }: ExportReport): string[][] {
  if (resumed === null) return [];
  const { started, documents, damaged } = resumed;
  const again =
    damaged.length === 0 ? "" : `; damaged and read again: ${some(damaged, damaged.length, 5)}`;
  return [["resumed", `begun ${started}, ${counted(documents, "document")} were there${again}`]];
}

/** What has changed while the documents were read. */
function caughtUpRow({ caughtUp }: ExportReport): string[][] {
  if (caughtUp === null) return [];
  const { documents, rounds } = caughtUp;
  return [
    [
      "caught up",
      `${counted(documents, "document")} changed meanwhile, ${counted(rounds, "look")}`,
    ],
  ];
}

function readersOf({ recipients = [], passphrase, encryptManifest }: Encryption): string {
  const readers = [
    ...(recipients.length > 0 ? [`for ${counted(recipients.length, "recipient")}`] : []),
    ...(passphrase === undefined ? [] : ["with a passphrase"]),
  ];
  return `${readers.join(" and ")}, ${encryptManifest === true ? "names and all" : "but for the manifest"}`;
}

function historyRow({ history }: ExportReport): string[][] {
  if (history === null || history === undefined) return [];
  const { versions, storedBytes, segments } = history;
  const what = `${counted(versions, "past version")} and deletions`;
  return [["history", `${what}, ${size(storedBytes)} in ${counted(segments, "segment")}`]];
}

/** What a collection is called in a report of several databases. */
export function inDatabase(name: string, path: string): string {
  return path === "" ? name : `${path}: ${name}`;
}

/** Counted notes of a report; nothing when there are none. */
export function notesSummary(
  title: string,
  notes: readonly {
    readonly message: string;
    readonly database?: readonly string[];
    readonly collection?: string | null;
    readonly count: number;
    readonly examples?: readonly string[];
  }[],
): string {
  if (notes.length === 0) return "";
  const lines = notes.map(
    ({ message, database = [], collection, count: number, examples = [] }) => {
      const place = [database.join("/"), collection ?? ""].filter((each) => each !== "").join(": ");
      const where = place === "" ? "" : ` in ${place}`;
      const which = examples.length === 0 ? "" : ` (${some(examples, number, 5)})`;
      return `  ${count(number)}${where}${which}: ${message}\n`;
    },
  );
  return `\n${title}\n${lines.join("")}`;
}
