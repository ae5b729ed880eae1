/** `fauna-ark diff`: what differs between two sides, each an archive or a database. */
import { ArkError } from "../../errors/errors.ts";
import {
  type CollectionDiff,
  diffDatabases,
  type DiffPlace,
  type DiffReport,
  type DiffSide,
} from "../../verify/diff.ts";
import type { Arguments } from "../arguments.ts";
import type { CommandSpec } from "../command.ts";
import {
  DATABASE_OPTION,
  ENDPOINT_OPTIONS,
  MAX_MEMORY_OPTION,
  PAGE_SIZE_OPTION,
  TRANSPORT_OPTIONS,
  windowOption,
} from "../database.ts";
import { UNLOCK_OPTIONS, unlockOf } from "../encryption.ts";
import { placeIn } from "../place.ts";
import type { Terminal } from "../terminal.ts";
import {
  databasePlace,
  type Databases,
  NOWHERE,
  TO_OPTIONS,
  withDatabases,
} from "../two-databases.ts";
import { printJsonReport, withProgress } from "../with-progress.ts";
import { columns, count, some } from "../words.ts";
import { inDatabase, notesSummary } from "./export.ts";

const SIDE = "Folder of an archive, URL of a Fauna, or @NAME of a profile";

export const diffCommand: CommandSpec = {
  name: "diff",
  summary: "Tell what differs between two archives, two databases, or one of each",
  positionals: [
    { name: "a", summary: `${SIDE}; --endpoint without it`, required: false },
    { name: "b", summary: `${SIDE}; --to-endpoint without it`, required: false },
  ],
  options: [
    ...ENDPOINT_OPTIONS,
    DATABASE_OPTION,
    ...TO_OPTIONS,
    {
      name: "to-database",
      type: "text",
      placeholder: "PATH",
      summary: "Child database below the second secret's own, as parent/child",
    },
    {
      name: "recursive",
      type: "flag",
      summary: "Compare the child databases of live ones too; those in archives always are",
    },
    {
      name: "ignore-ts",
      type: "flag",
      summary: "Leave out when documents were written",
    },
    ...UNLOCK_OPTIONS,
    windowOption("Id ranges compared at once", 4),
    PAGE_SIZE_OPTION,
    MAX_MEMORY_OPTION,
    ...TRANSPORT_OPTIONS,
  ],
  examples: [
    {
      line: "fauna-ark diff ./monday ./tuesday",
      about: "Two archives; collections that are the same are not even read",
    },
    {
      line: "fauna-ark diff ./archive http://127.0.0.1:8443 --to-database copy",
      about: "From an archive to a database",
    },
    {
      line: "fauna-ark diff @prod @staging --json > diff.json",
      about: "Two databases, by profiles of the config file",
    },
  ],
  exits: {
    10: "an endpoint does not answer as Fauna",
    11: "a secret is not valid, or there is no such database",
    13: "an archive cannot be read",
    20: "an archive is damaged or incomplete",
    22: "an archive is encrypted, and the key is missing or wrong",
    30: "a database's history window ran out before the end",
    31: "a budget of ops is used up; go on with a new one",
    50: "the two differ",
    75: "too busy, or the connection was lost; try again",
    130: "stopped by Ctrl-C",
  },
  async run(args, terminal) {
    const unlock = await unlockOf(args, terminal);
    const report = await withDatabases(args, terminal, async (databases) => {
      const a = await openSide("a", args, terminal, databases);
      const b = await openSide("b", args, terminal, databases);
      return withProgress(args, terminal, (onProgress) =>
        diffDatabases({
          a,
          b,
          unlock,
          recursive: args.flag("recursive"),
          ignoreTs: args.flag("ignore-ts"),
          window: args.number("window"),
          pageSize: args.number("page-size"),
          maxMemory: args.number("max-memory"),
          signal: terminal.signal,
          onProgress,
        }),
      );
    });
    if (args.flag("json")) printJsonReport(terminal, report);
    else terminal.out(diffText(report));
    if (report.equal) return 0;
    throw new ArkError("ERR_MISMATCH", "A and B differ.", {
      place: `${report.a.place}, ${report.b.place}`,
      hint: "The differences are listed above; --json gives them to a script.",
    });
  },
};

async function openSide(
  name: "a" | "b",
  args: Arguments,
  terminal: Terminal,
  databases: Databases,
): Promise<DiffPlace> {
  const written = args.positional(name);
  const place = written === undefined ? NOWHERE : await databasePlace(written, args, terminal);
  if (place === undefined) return placeIn(terminal, written!);
  return databases.scoped(
    name === "a" ? await databases.first(place) : await databases.second(place),
  );
}

/** What differs, for people: schema files as `diff -u` shows them, all else a line each. */
export function diffText(report: DiffReport): string {
  const { a, b, equal, files, definitions, collections, natural, notCompared } = report;
  const rows = collections.map((each) => [
    inDatabase(each.name, each.database),
    count(each.a),
    count(each.b),
    each.equal ? "equal" : "DIFFERENT",
  ]);
  return [
    columns([
      ["A", described(a)],
      ["B", described(b)],
    ]),
    ...files.map(({ database, diff }) =>
      database === "" ? `\n${diff}` : `\nDatabase ${database}\n${diff}`,
    ),
    definitions.length === 0 ? "" : "\nDefinitions\n",
    ...definitions.map(
      ({ database, kind, name, how, members }) =>
        `  ${SIGNS[how]} ${kind} ${inDatabase(name, database)}${members.length === 0 ? "" : `: ${members.join(", ")}`}\n`,
    ),
    collections.length === 0 ? "" : "\nDocuments\n",
    columns(collections.length === 0 ? [] : [["collection", "A", "B", ""], ...rows], {
      right: [1, 2],
    }),
    ...collections.map(documentsText),
    notesSummary(
      "By Fauna's nature, and no difference:",
      natural.map((each) => ({
        ...each,
        database: each.database === "" ? [] : each.database.split("/"),
      })),
    ),
    notCompared.length === 0 ? "" : "\nNot compared\n",
    ...notCompared.map(({ what, why }) => `  ${what}: ${why}\n`),
    `\n${equal ? "Equal." : "DIFFERENT."}\n`,
  ].join("");
}

function described({ kind, place, snapshot }: DiffSide): string {
  return `${kind} ${place} at ${snapshot.time}`;
}

const SIGNS = { removed: "-", added: "+", changed: "~" } as const;

/** Documents listed for people; `--json` lists more. */
const LISTED = 20;

function documentsText({ database, removed, added, changed, ...rest }: CollectionDiff): string {
  const name = inDatabase(rest.name, database);
  const ids = (["removed", "added"] as const).map((how) => {
    const { count: number, ids: listed } = { removed, added }[how];
    return number === 0
      ? ""
      : `  ${SIGNS[how]} ${name} ${some(listed, number, LISTED)} (${count(number)} ${how})\n`;
  });
  const documents = changed.documents.slice(0, LISTED).map(({ id, fields, count: number }) => {
    const paths = fields.map(({ path, how }) => (how === "changed" ? path : `${path} (${how})`));
    return `  ${SIGNS.changed} ${name} ${id}: ${some(paths, number, 10)}\n`;
  });
  const more = changed.count - documents.length;
  return [
    ...ids,
    ...documents,
    more > 0 ? `  ${SIGNS.changed} ${name}: ${count(more)} more changed\n` : "",
  ].join("");
}
