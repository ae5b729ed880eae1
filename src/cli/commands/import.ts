/** `fauna-ark import`: an archive, or Fauna's own export, becomes a database. */
import { ArkError } from "../../errors/errors.ts";
import { identity } from "../../fauna/fauna.ts";
import {
  type ImportOptions,
  type ImportPlan,
  type ImportReport,
  importArchive,
  planImport,
} from "../../import/import.ts";
import { planReplay, type RefusedOptions, replayRefused } from "../../import/replay.ts";
import type { Arguments } from "../arguments.ts";
import type { CommandSpec } from "../command.ts";
import {
  ENDPOINT_OPTIONS,
  MAX_MEMORY_OPTION,
  TRANSPORT_OPTIONS,
  timeoutMs,
  windowOption,
  withEndpoint,
} from "../database.ts";
import { CONFLICT_OPTIONS, conflictOptions, conflictRows } from "../conflicts.ts";
import { UNLOCK_OPTIONS, unlockOf } from "../encryption.ts";
import { fidelitySummary } from "../fidelity.ts";
import type { OptionSpec } from "../option.ts";
import { placeIn } from "../place.ts";
import { CREATE_OPTIONS, findTarget, openTarget, refuseUnclearTarget } from "../target.ts";
import type { Terminal } from "../terminal.ts";
import { tuningOf } from "../tuning.ts";
import { printJsonReport, withProgress } from "../with-progress.ts";
import { columns, count, counted, duration, some } from "../words.ts";
import { notesSummary } from "./export.ts";

/** How much travels in one request to a target. */
export const BATCH_OPTIONS: readonly OptionSpec[] = [
  {
    name: "batch-size",
    type: "count",
    placeholder: "N",
    summary: "Documents in one batch, at most; without it what is best is found by trying",
    min: 1,
    max: 100_000,
  },
  {
    name: "batch-bytes",
    type: "bytes",
    placeholder: "SIZE",
    summary: "Bytes of one batch, at most",
    default: "1MiB",
    min: 1024,
    max: 8 * 1024 * 1024,
  },
];

export const importCommand: CommandSpec = {
  name: "import",
  summary: "Import an archive, or the folder of Fauna's own export, into an empty database",
  positionals: [
    {
      name: "source",
      summary:
        "Folder of an archive, or one with Fauna's metadata_00.json; with --replay a file of refused documents",
      required: true,
    },
  ],
  options: [
    ...ENDPOINT_OPTIONS,
    {
      name: "database",
      type: "text",
      placeholder: "PATH",
      summary: "Child database to import into; the secret's own without it",
    },
    ...CREATE_OPTIONS,
    {
      name: "top-only",
      type: "flag",
      summary: "Leave out the child databases that the archive holds",
    },
    {
      name: "skip-secrets",
      type: "flag",
      summary: "Leave out the credentials, keys and tokens that the archive holds",
    },
    {
      name: "skip-history",
      type: "flag",
      summary: "Leave out the past versions and deletions that the archive holds",
    },
    {
      name: "continue",
      alias: "resume",
      type: "flag",
      summary:
        "Go on with an import of the same archive, by the same options, that was interrupted; what is there is not written again",
      callOnly: true,
    },
    {
      name: "dry-run",
      type: "flag",
      summary: "Print what would be created, in which order and why; write nothing",
      callOnly: true,
    },
    {
      name: "schema",
      type: "text",
      placeholder: "DIR",
      summary: "Folder of FSL files, for Fauna's own export, which has none",
    },
    {
      name: "dead-letters",
      type: "text",
      placeholder: "FILE",
      summary: "Where documents go that the target refuses; <source>.refused.ndjson by default",
    },
    {
      name: "replay",
      type: "flag",
      summary:
        "The source is a file of documents that the target has refused: send them again, after a fix there or in the file; what is refused again goes to a new file",
      callOnly: true,
    },
    ...CONFLICT_OPTIONS,
    ...UNLOCK_OPTIONS,
    windowOption("Batches under way at once; without it as many as turn out best"),
    ...BATCH_OPTIONS,
    MAX_MEMORY_OPTION,
    ...TRANSPORT_OPTIONS,
  ],
  examples: [
    {
      line: "fauna-ark import ./archive --database copy --create",
      about: "Into a new child database",
    },
    { line: "fauna-ark import ./archive --dry-run", about: "What would be done, and why" },
    {
      line: "fauna-ark import ./archive --on-conflict newer",
      about: "Into a database of the same schema; of each document the newer one stays",
    },
    {
      line: "fauna-ark import archive.refused.ndjson --replay",
      about: "Send refused documents again",
    },
    {
      line: "fauna-ark import ./fauna-export --schema ./schema",
      about: "What Fauna's own export wrote before the service ended",
    },
  ],
  exits: {
    2: "usage, the target is not empty, or documents are in conflict",
    3: "done, but the target refused some documents; the dead-letter file has them",
    10: "the endpoint does not answer as Fauna",
    11: "the secret is not valid, or there is no such database",
    12: "the secret's role may not write everything",
    13: "a file cannot be read or written",
    20: "the archive is damaged or incomplete; nothing was written",
    22: "the archive is encrypted, and the key is missing or wrong; nothing was written",
    31: "a budget of ops is used up; go on with a new one and --continue",
    40: "the database refused a definition",
    50: "what is there is not what was written",
    75: "too busy, another run imports here, or the connection was lost; try again with --continue",
    130: "stopped by Ctrl-C",
  },
  async run(args, terminal) {
    refuseUnclearTarget(args, args.text("database"), "--database");
    if (args.flag("replay")) return replay(args, terminal);
    return args.flag("dry-run") ? plan(args, terminal) : run(args, terminal);
  },
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const unlock = await unlockOf(args, terminal);
  const report = await withEndpoint(args, terminal, async (connection) => {
    // Before the source is read, which may take long: does the secret open anything?
    await identity(connection, { signal: terminal.signal });
    const open = () => openTarget(args, terminal, connection, args.text("database"));
    const target = args.flag("create") ? open : await open();
    return withProgress(args, terminal, (onProgress) =>
      importArchive({ ...importOptions(args, terminal), unlock, target, onProgress }),
    );
  });
  if (args.flag("json")) printJsonReport(terminal, report);
  else terminal.err(importSummary(report));
  failIfRefused(report);
  return 0;
}

/** What says how a whole source is imported says nothing of some documents of it. */
const NOT_IN_REPLAY = [
  "create",
  "continue",
  "top-only",
  "skip-secrets",
  "skip-history",
  "data-only",
  "delete-extra",
] as const;

async function replay(args: Arguments, terminal: Terminal): Promise<number> {
  for (const name of NOT_IN_REPLAY) {
    if (!args.flag(name)) continue;
    throw new ArkError("ERR_USAGE", `--${name} is not for --replay.`, {
      place: `--${name}`,
      hint: "Leave it out: the documents go into the database that refused them.",
    });
  }
  return withEndpoint(args, terminal, async (connection) => {
    const target = await openTarget(args, terminal, connection, args.text("database"));
    const options = { ...refusedOptions(args, terminal), target };
    if (args.flag("dry-run")) {
      const planned = await planReplay(options);
      if (args.flag("json")) printJsonReport(terminal, planned);
      else terminal.out(planText(planned));
      return 0;
    }
    const report = await withProgress(args, terminal, (onProgress) =>
      replayRefused({ ...options, onProgress }),
    );
    if (args.flag("json")) printJsonReport(terminal, report);
    else terminal.err(importSummary(report));
    failIfRefused(report);
    return 0;
  });
}

function refusedOptions(args: Arguments, terminal: Terminal): Omit<RefusedOptions, "target"> {
  const deadLetters = args.text("dead-letters");
  const { onConflict, restoreDeletedRefs } = conflictOptions(args);
  return {
    file: placeIn(terminal, args.required("source")),
    onConflict,
    restoreDeletedRefs,
    window: args.number("window"),
    batchDocuments: args.number("batch-size"),
    batchBytes: args.number("batch-bytes"),
    maxMemory: args.number("max-memory"),
    onTuned: tuningOf(args, terminal),
    deadLetterFile: deadLetters === undefined ? undefined : placeIn(terminal, deadLetters),
    timeoutMs: timeoutMs(args),
    signal: terminal.signal,
  };
}

async function plan(args: Arguments, terminal: Terminal): Promise<number> {
  const unlock = await unlockOf(args, terminal);
  const planned = await withEndpoint(args, terminal, async (connection) =>
    planImport({
      ...importOptions(args, terminal),
      unlock,
      target: await findTarget(args, terminal, connection, args.text("database")),
    }),
  );
  if (args.flag("json")) printJsonReport(terminal, planned);
  else terminal.out(planText(planned));
  return 0;
}

function importOptions(
  args: Arguments,
  terminal: Terminal,
): Omit<ImportOptions, "target" | "onProgress"> {
  const file = (name: string) => {
    const written = args.text(name);
    return written === undefined ? undefined : placeIn(terminal, written);
  };
  return {
    source: placeIn(terminal, args.required("source")),
    schemaFolder: file("schema"),
    recursive: !args.flag("top-only"),
    secrets: !args.flag("skip-secrets"),
    history: !args.flag("skip-history"),
    continue: args.flag("continue"),
    ...conflictOptions(args),
    window: args.number("window"),
    batchDocuments: args.number("batch-size"),
    batchBytes: args.number("batch-bytes"),
    maxMemory: args.number("max-memory"),
    onTuned: tuningOf(args, terminal),
    deadLetterFile: file("dead-letters"),
    timeoutMs: timeoutMs(args),
    signal: terminal.signal,
  };
}

/** @throws ArkError ERR_INCOMPLETE, naming the file, when the target refused documents. */
export function failIfRefused({
  documents,
  secrets,
  history,
  target,
  deadLetterFile,
}: Pick<ImportReport, "documents" | "secrets" | "history" | "target" | "deadLetterFile">): void {
  if (documents.refused === 0) {
    const refused = Object.values(secrets).reduce((sum, each) => sum + each.refused, 0);
    const past = history?.refused ?? 0;
    if (past > 0) {
      throw new ArkError(
        "ERR_INCOMPLETE",
        `The target refused ${counted(past, "past version")}; all else is there.`,
        { place: target, hint: "They are named above; documents are as they should be." },
      );
    }
    if (refused === 0) return;
    throw new ArkError(
      "ERR_INCOMPLETE",
      `The target refused ${counted(refused, "secret")}; all else is there.`,
      { place: target, hint: "They are named above; make them anew." },
    );
  }
  throw new ArkError(
    "ERR_INCOMPLETE",
    `The target refused ${counted(documents.refused, "document")}; all else is there.`,
    {
      place: deadLetterFile ?? target,
      hint: "Each line of the file is a document and the reason; mend what is wrong, there or in the target, and send them again: fauna-ark import FILE --replay.",
    },
  );
}

type Summed = Omit<ImportReport, "notes"> & {
  readonly notes: Parameters<typeof notesSummary>[1];
};

/** What an import, or a copy, did, for people. */
export function importSummary(report: Summed, what: "Imported" | "Copied" = "Imported"): string {
  const { documents, deadLetterFile } = report;
  const there = report.conflicts === null ? documents.there : 0;
  const rate = report.seconds > 0 ? Math.round(documents.written / report.seconds) : 0;
  const rows = [
    ["from", report.source],
    ["into", report.target],
    [
      "took",
      `${duration(report.seconds)}, ${counted(report.requests, "request")}, ${count(rate)} documents/s`,
    ],
  ];
  if (report.databases.length > 0) {
    rows.push(["databases", some(report.databases, report.databases.length, 10)]);
  }
  rows.push(...historyRows(report));
  const secrets = Object.entries(report.secrets).filter(([, { read }]) => read > 0);
  if (secrets.length > 0) {
    const each = secrets.map(([kind, { read, written }]) => `${written} of ${read} ${kind}`);
    rows.push(["secrets", each.join(", ")]);
  }
  rows.push(...conflictRows(report));
  if (documents.there > 0 && report.conflicts === null) {
    rows.push([
      "there",
      `${counted(documents.there, "document")}: written by the interrupted run before this one`,
    ]);
  }
  if (documents.expired > 0) {
    rows.push([
      "expired",
      `${counted(documents.expired, "document")}: their ttl has passed meanwhile`,
    ]);
  }
  if (documents.newTs > 0) {
    rows.push([
      "new ts",
      `${counted(documents.newTs, "document")}: Fauna cannot write them under the old one`,
    ]);
  }
  if (deadLetterFile !== null) {
    rows.push(["refused", `${counted(documents.refused, "document")}, in ${deadLetterFile}`]);
  }
  return [
    `${what} ${count(documents.written + there)} of ${counted(documents.read, "document")}, in ${counted(report.steps, "step")}.\n`,
    columns(rows),
    notesSummary("What could not be kept exactly:", report.notes),
    fidelitySummary(report.fidelity),
  ].join("");
}

function historyRows({ history }: Pick<ImportReport, "history">): string[][] {
  if (history === null) return [];
  const { read, written, outOfWindow } = history;
  const past = `${count(written)} of ${counted(read, "past version")} and deletions`;
  const told = outOfWindow > 0 ? `; ${count(outOfWindow)} lie before the window by now` : "";
  return [["history", `${past}${told}`]];
}

export function planText(
  { source, title, target, steps, documents }: ImportPlan,
  verb: "import" | "copy" = "import",
): string {
  return [
    `Would ${verb} ${source} (${title})\n  into ${target}: ${counted(documents, "document")}\n\n`,
    ...steps.map((step, index) => {
      const number = `${index + 1}.`.padStart(4);
      return `${number} ${step.title}\n     ${step.reason}\n`;
    }),
    "\nNothing was written.\n",
  ].join("");
}
