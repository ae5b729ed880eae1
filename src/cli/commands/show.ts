/** `fauna-ark show`: what an archive holds, without a database. */
import {
  type ArchiveSummary,
  type CollectionSummary,
  showArchive,
  showCollection,
  showDocument,
} from "../../verify/verify.ts";
import type { CommandSpec } from "../command.ts";
import { UNLOCK_OPTIONS, unlockOf } from "../encryption.ts";
import { placeIn } from "../place.ts";
import { printJsonReport } from "../with-progress.ts";
import { columns, count, counted, size, some } from "../words.ts";
import { notesSummary } from "./export.ts";

export const showCommand: CommandSpec = {
  name: "show",
  summary: "Show what an archive holds: all of it, a collection, or one document",
  positionals: [
    { name: "archive", summary: "Folder of the archive", required: true },
    { name: "collection", summary: "Show this collection", required: false },
    { name: "id", summary: "Print the record of this document", required: false },
  ],
  options: [
    {
      name: "database",
      type: "text",
      placeholder: "PATH",
      summary: "Show this child database, as parent/child, of an archive of several",
      callOnly: true,
    },
    ...UNLOCK_OPTIONS,
  ],
  examples: [
    { line: "fauna-ark show ./archive", about: "Collections, definitions, sizes" },
    { line: "fauna-ark show ./archive Order", about: "Segments, fingerprints and definition" },
    { line: "fauna-ark show ./archive Order 1000 | jq .data", about: "One document" },
  ],
  exits: {
    13: "the archive cannot be read",
    20: "the archive is damaged or incomplete",
    22: "the archive is encrypted, and the key is wrong or missing where one is needed",
  },
  async run(args, terminal) {
    const archive = placeIn(terminal, args.required("archive"));
    const collection = args.positional("collection");
    const id = args.positional("id");
    const json = args.flag("json");
    const options = {
      unlock: await unlockOf(args, terminal),
      database: args.text("database")?.split("/"),
    };
    if (collection === undefined) {
      const summary = await showArchive(archive, options);
      if (json) printJsonReport(terminal, summary);
      else terminal.out(archiveSummary(summary));
    } else if (id === undefined) {
      const summary = await showCollection(archive, collection, options);
      if (json) printJsonReport(terminal, summary);
      else terminal.out(collectionSummary(summary));
    } else {
      terminal.out(`${await showDocument(archive, collection, id, options)}\n`);
    }
    return 0;
  },
};

/** What an archive holds, for people. */
export function archiveSummary(summary: ArchiveSummary): string {
  const { source, snapshot, tool, collections, definitions, files } = summary;
  const hasPast = collections.some(({ versions }) => versions !== null);
  const rows = collections.map((each) => [
    each.name,
    count(each.documents),
    size(each.storedBytes),
    size(each.plainBytes),
    count(each.segments),
    ...(hasPast ? [each.versions === null ? "" : count(each.versions)] : []),
  ]);
  const kinds = Object.entries(definitions).map(([kind, each]) => [
    kind.replaceAll("_", " "),
    each.map(({ name, madeBy }) => (madeBy === "v4" ? `${name} (v4)` : name)).join(", "),
  ]);
  return [
    columns(
      [
        ["archive", summary.archive],
        [
          "of",
          `${source.endpoint}${source.database === null ? "" : ` database ${source.database}`}`,
        ],
        ...(summary.database === "" ? [] : [["child database", summary.database]]),
        ["as of", `${snapshot.time} (ts ${snapshot.ts})`],
        ["written", `${summary.created} by ${tool.name} ${tool.version}, ${summary.compression}`],
        ...encryptionRows(summary),
        ...secretsRows(summary),
        ...(summary.databases.length === 0
          ? []
          : [["databases below", some(summary.databases, summary.databases.length, 20)]]),
      ],
      { indent: "" },
    ),
    "\n",
    columns(
      [
        [
          "collection",
          "documents",
          "stored",
          "plain",
          "segments",
          ...(hasPast ? ["past versions"] : []),
        ],
        ...rows,
      ],
      { indent: "", right: [1, 2, 3, 4, 5] },
    ),
    "\n",
    columns([...kinds, ...(files.length === 0 ? [] : [["schema files", files.join(", ")]])], {
      indent: "",
    }),
    notesSummary("What could not be kept exactly:", summary.notes),
  ].join("");
}

function secretsRows({ secrets }: ArchiveSummary): string[][] {
  if (secrets === null) return [];
  const { credentials, keys, tokens } = secrets;
  const counts = `${count(credentials)} credentials, ${count(keys)} keys, ${count(tokens)} tokens`;
  return [["secrets", counts]];
}

function encryptionRows({ encryption }: ArchiveSummary): string[][] {
  if (encryption === null) return [];
  const { recipients, passphrase, opened } = encryption;
  const [first, ...others] = recipients;
  return [
    ["encrypted", `for ${first}${passphrase ? ", or whoever knows the passphrase" : ""}`],
    ...others.map((each) => ["", each]),
    ...(opened ? [] : [["", "definitions are not shown without a key (--identity, --passphrase)"]]),
  ];
}

function collectionSummary(summary: CollectionSummary): string {
  const { history } = summary;
  const segments = [...summary.segments, ...(history?.segments ?? [])].map((each) => [
    each.file,
    `${each.firstId} to ${each.lastId}`,
    `${count(each.records)} records`,
    size(each.storedBytes),
  ]);
  const forms = Object.entries(summary.definition ?? {}).filter(([, text]) => text !== undefined);
  return [
    columns(
      [
        ["collection", summary.name],
        ["documents", count(summary.documents)],
        ["history days", days(summary.historyDays)],
        ["ttl days", days(summary.ttlDays)],
        ...(history === null
          ? []
          : [
              [
                "past",
                `${counted(history.versions, "version")} and deletions since ${history.since}`,
              ],
            ]),
        ["fingerprint", summary.fingerprint.exact],
        ["without ts", summary.fingerprint.content],
      ],
      { indent: "" },
    ),
    ...(segments.length === 0 ? [] : ["\n", columns(segments, { indent: "", right: [2, 3] })]),
    ...forms.map(([protocol, text]) => `\ndefinition in ${protocol}\n  ${text}\n`),
  ].join("");
}

function days(value: number | null): string {
  return value === null ? "not set" : count(value);
}
