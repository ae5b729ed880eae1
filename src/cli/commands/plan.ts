/** `fauna-ark plan`: what an export would cost, before anything is spent. */
import type { Compression } from "../../archive/archive.ts";
import { type Estimate, type ExportPlan, planExport } from "../../export/plan.ts";
import { choiceOptions } from "../choice.ts";
import type { CommandSpec } from "../command.ts";
import {
  DATABASE_OPTION,
  ENDPOINT_OPTIONS,
  TRANSPORT_OPTIONS,
  timeoutMs,
  withDatabase,
} from "../database.ts";
import { printJsonReport, withProgress } from "../with-progress.ts";
import { columns, count, counted, duration, size } from "../words.ts";
import { inDatabase } from "./export.ts";

export const planCommand: CommandSpec = {
  name: "plan",
  summary:
    "Say what an export would cost in time, ops and space, from samples and before it is run",
  positionals: [],
  options: [
    ...ENDPOINT_OPTIONS,
    DATABASE_OPTION,
    ...choiceOptions("Export"),
    {
      name: "recursive",
      type: "flag",
      summary: "With the child databases, however deep",
    },
    {
      name: "quick",
      type: "flag",
      summary:
        "Count by a few looks at each collection in place of listing every ref: cheaper, and less certain",
    },
    {
      name: "compress",
      type: "choice",
      choices: ["gzip", "zstd", "none"],
      summary: "How segments would be stored; zstd needs Node 22.15 or newer",
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
    ...TRANSPORT_OPTIONS,
  ],
  examples: [
    { line: "fauna-ark plan", about: "The database of FAUNA_ENDPOINT, FAUNA_SECRET" },
    {
      line: "fauna-ark plan --recursive --quick --json",
      about: "A tree of databases, as cheaply as can be, for a script",
    },
  ],
  exits: {
    10: "the endpoint does not answer as Fauna",
    11: "the secret is not valid",
    12: "the secret's role may not read everything",
    31: "a budget of ops is used up",
    40: "the database refused a request",
    75: "too busy, or the connection was lost; try again",
    130: "stopped by Ctrl-C",
  },
  async run(args, terminal) {
    const plan = await withDatabase(args, terminal, (source) =>
      withProgress(args, terminal, (onProgress) =>
        planExport({
          source,
          collections: args.list("collection"),
          exclude: args.list("exclude"),
          schemaOnly: args.flag("schema-only"),
          dataOnly: args.flag("data-only"),
          recursive: args.flag("recursive"),
          quick: args.flag("quick"),
          compression: args.text("compress") as Compression,
          segmentBytes: args.number("segment-size"),
          timeoutMs: timeoutMs(args),
          signal: terminal.signal,
          onProgress,
        }),
      ),
    );
    if (args.flag("json")) printJsonReport(terminal, plan);
    else terminal.out(planSummary(plan));
    return 0;
  },
};

/** A plan, for people. */
export function planSummary(plan: ExportPlan): string {
  const { formula, used, collections } = plan;
  const { k, n, s, b } = formula;
  const lines = [
    `An export of ${plan.source}, as of ${plan.snapshot.time}:\n`,
    columns([
      ["documents", between(plan.documents, count), `counted ${plan.counted}`],
      ["plain", between(plan.plainBytes, size)],
      ["stored", between(plan.storedBytes, size)],
      ["read ops", between(plan.readOps, count)],
      ["compute ops", between(plan.computeOps, count)],
      ["requests", between(plan.requests, count)],
      [
        "time",
        between(plan.seconds, duration),
        `k·n·s/b = ${k.toFixed(2)} · ${count(Math.round(n))} · ${size(Math.round(s))} / ${size(Math.round(b))}/s`,
      ],
    ]),
  ];
  if (collections.length > 0) {
    lines.push(
      "\n",
      columns(
        [
          ["collection", "documents", "bytes each", "stored", "ranges", "segments", "sampled"],
          ...collections.map((each) => [
            inDatabase(each.name, each.database),
            between(each.documents, count),
            between(each.bytesEach, (bytes) => count(Math.round(bytes))),
            between(each.storedBytes, size),
            `${count(each.chunks.ranges)} of ${count(each.chunks.documentsPerRange)}`,
            count(each.chunks.segments),
            count(each.sampled),
          ]),
        ],
        { right: [1, 2, 3, 4, 5, 6] },
      ),
    );
  }
  lines.push(
    `\nIn brackets is where the truth lies nineteen times out of twenty. Finding this out took ${counted(used.requests, "request")}, ` +
      `${counted(used.readOps, "read op")}, ${size(used.bytes)} and ${duration(used.seconds)}.\n`,
    ...historyNote(plan),
  );
  return lines.join("");
}

function historyNote({ historySeconds, seconds }: ExportPlan): string[] {
  if (historySeconds === null || seconds.high < historySeconds) return [];
  return [
    `It may take longer than the ${duration(historySeconds)} for which the database can be read as of one moment: raise history_days, or export with --catch-up.\n`,
  ];
}

function between({ expected, low, high }: Estimate, print: (value: number) => string): string {
  const [from, to] = [print(low), print(high)];
  return from === to ? print(expected) : `${print(expected)} [${from} to ${to}]`;
}
