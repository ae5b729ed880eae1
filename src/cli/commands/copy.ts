/** `fauna-ark copy`: a database becomes another one, with no disk in between. */
import { copyDatabase, type CopyOptions, type CopyReport, planCopy } from "../../copy/copy.ts";
import { identity } from "../../fauna/fauna.ts";
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
} from "../database.ts";
import { AT_OPTION, momentOf } from "../moment.ts";
import { placeIn } from "../place.ts";
import { CREATE_OPTIONS, findTarget, openTarget, refuseUnclearTarget } from "../target.ts";
import type { Terminal } from "../terminal.ts";
import { tuningOf } from "../tuning.ts";
import { type Databases, requireDatabase, TO_OPTIONS, withDatabases } from "../two-databases.ts";
import { printJsonReport, withProgress } from "../with-progress.ts";
import { BATCH_OPTIONS, failIfRefused, importSummary, planText } from "./import.ts";

export const copyCommand: CommandSpec = {
  name: "copy",
  summary: "Copy a database, as it is at one moment, into an empty one, with no disk in between",
  positionals: [
    {
      name: "source",
      summary: "URL of the Fauna to copy from, or @NAME of a profile; --endpoint without it",
      required: false,
    },
    {
      name: "target",
      summary: "URL of the Fauna to copy to, or @NAME of a profile; --to-endpoint without it",
      required: false,
    },
  ],
  options: [
    ...ENDPOINT_OPTIONS,
    DATABASE_OPTION,
    ...TO_OPTIONS,
    {
      name: "to-database",
      type: "text",
      placeholder: "PATH",
      summary: "Child database to copy into; the second secret's own without it",
    },
    ...CREATE_OPTIONS,
    ...choiceOptions("Copy"),
    {
      name: "recursive",
      type: "flag",
      summary: "Copy the child databases too, however deep, all at the same moment",
    },
    AT_OPTION,
    {
      name: "history",
      type: "flag",
      summary: "Copy every version and deletion inside the history window too; FQL v4 tells them",
    },
    {
      name: "secrets",
      type: "flag",
      summary: "Copy credentials, keys and tokens with their hashes",
    },
    {
      name: "continue",
      alias: "resume",
      type: "flag",
      summary: "Go on with a copy of the same source that was interrupted, at its own moment",
      callOnly: true,
    },
    {
      name: "dry-run",
      type: "flag",
      summary: "Print what would be created, in which order and why; write nothing",
      callOnly: true,
    },
    {
      name: "dead-letters",
      type: "text",
      placeholder: "FILE",
      summary: "Where documents go that the target refuses; copy.refused.ndjson by default",
    },
    windowOption("Id ranges read and batches written at once; without it as many as turn out best"),
    FOUND_PAGE_SIZE_OPTION,
    ...BATCH_OPTIONS,
    MAX_MEMORY_OPTION,
    ...TRANSPORT_OPTIONS,
  ],
  examples: [
    {
      line: "fauna-ark copy @prod @staging --to-database shop --create",
      about: "From one profile of the config file to a new database below another",
    },
    {
      line: "fauna-ark copy http://127.0.0.1:8443 http://127.0.0.1:9443",
      about: "From FAUNA_SECRET's database to that of FAUNA_ARK_TO_SECRET",
    },
    {
      line: "fauna-ark copy --database shop --to-database shop2 --create",
      about: "Within one Fauna, by one secret",
    },
  ],
  exits: {
    2: "usage, the target is not empty, or it is the source",
    3: "done, but the target refused some documents; the dead-letter file has them",
    10: "an endpoint does not answer as Fauna",
    11: "a secret is not valid, or there is no such database",
    12: "a secret's role may not read or write everything",
    13: "a file cannot be read or written",
    30: "the source's history window ran out before the end",
    31: "a budget of ops is used up; go on with a new one and --continue",
    40: "a database refused a request or definition",
    50: "what is there is not what was read",
    75: "too busy, the connection was lost, or the source's schema changed; try again with --continue",
    130: "stopped by Ctrl-C",
  },
  run(args, terminal) {
    return withDatabases(args, terminal, (databases) =>
      args.flag("dry-run") ? plan(args, terminal, databases) : replay(args, terminal, databases),
    );
  },
};

async function replay(args: Arguments, terminal: Terminal, databases: Databases): Promise<number> {
  const { source, place } = await openBoth(args, terminal, databases);
  // Before the source is read, which may take long: does the secret open anything?
  await identity(place.connection, { signal: terminal.signal });
  const open = () => openTarget(args, terminal, place.connection, place.path);
  const target = args.flag("create") ? open : await open();
  const report = await withProgress(args, terminal, (onProgress) =>
    copyDatabase({ ...copyOptions(args, terminal), source, target, onProgress }),
  );
  if (args.flag("json")) printJsonReport(terminal, report);
  else terminal.err(copySummary(report));
  failIfRefused(report);
  return 0;
}

async function plan(args: Arguments, terminal: Terminal, databases: Databases): Promise<number> {
  const { source, place } = await openBoth(args, terminal, databases);
  const target = await findTarget(args, terminal, place.connection, place.path);
  const planned = await planCopy({ ...copyOptions(args, terminal), source, target });
  if (args.flag("json")) printJsonReport(terminal, planned);
  else terminal.out(planText(planned, "copy"));
  return 0;
}

async function openBoth(args: Arguments, terminal: Terminal, databases: Databases) {
  const from = await requireDatabase(args.positional("source"), args, terminal);
  const to = await requireDatabase(args.positional("target"), args, terminal);
  const first = await databases.first(from);
  const place = await databases.second(to);
  refuseUnclearTarget(args, place.path, "--to-database");
  return { source: await databases.scoped(first), place };
}

function copyOptions(
  args: Arguments,
  terminal: Terminal,
): Omit<CopyOptions, "source" | "target" | "onProgress"> {
  const deadLetters = args.text("dead-letters");
  return {
    collections: args.list("collection"),
    exclude: args.list("exclude"),
    schemaOnly: args.flag("schema-only"),
    dataOnly: args.flag("data-only"),
    recursive: args.flag("recursive"),
    at: momentOf(args),
    history: args.flag("history"),
    secrets: args.flag("secrets"),
    continue: args.flag("continue"),
    window: args.number("window"),
    pageSize: args.number("page-size"),
    batchDocuments: args.number("batch-size"),
    maxMemory: args.number("max-memory"),
    onTuned: tuningOf(args, terminal),
    batchBytes: args.number("batch-bytes"),
    deadLetterFile: placeIn(terminal, deadLetters ?? "copy.refused.ndjson"),
    timeoutMs: timeoutMs(args),
    signal: terminal.signal,
  };
}

function copySummary(report: CopyReport): string {
  const { snapshot } = report;
  return `As of ${snapshot.time} (ts ${snapshot.ts}):\n${importSummary(report, "Copied")}`;
}
