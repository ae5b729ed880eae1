/** `fauna-ark verify`: proves an archive by itself, or against a database. */
import { ArkError } from "../../errors/errors.ts";
import {
  type AgainstReport,
  type CollectionComparison,
  type VerifyReport,
  verifyArchive,
} from "../../verify/verify.ts";
import type { CommandSpec } from "../command.ts";
import {
  DATABASE_OPTION,
  ENDPOINT_OPTIONS,
  MAX_MEMORY_OPTION,
  PAGE_SIZE_OPTION,
  TRANSPORT_OPTIONS,
  windowOption,
  withDatabase,
} from "../database.ts";
import { UNLOCK_OPTIONS, unlockOf } from "../encryption.ts";
import { placeIn } from "../place.ts";
import { printJsonReport, withProgress } from "../with-progress.ts";
import { columns, count, counted, some } from "../words.ts";
import { inDatabase } from "./export.ts";

export const verifyCommand: CommandSpec = {
  name: "verify",
  summary: "Prove that an archive is whole and, with --against, that a database holds the same",
  positionals: [{ name: "archive", summary: "Folder of the archive", required: true }],
  options: [
    {
      name: "against",
      type: "flag",
      summary: "Compare with the database of the options below, document by document",
      callOnly: true,
    },
    ...ENDPOINT_OPTIONS,
    DATABASE_OPTION,
    ...UNLOCK_OPTIONS,
    windowOption("Id ranges compared at once", 4),
    PAGE_SIZE_OPTION,
    MAX_MEMORY_OPTION,
    ...TRANSPORT_OPTIONS,
  ],
  examples: [
    {
      line: "fauna-ark verify ./archive",
      about: "Sizes, checksums, counts, order, fingerprints; no database needed",
    },
    {
      line: "fauna-ark verify ./archive --against --database copy",
      about: "Does the child database `copy` hold the same documents and definitions?",
    },
  ],
  exits: {
    10: "the endpoint does not answer as Fauna",
    11: "the secret is not valid",
    13: "the archive cannot be read",
    20: "the archive is damaged or incomplete",
    22: "the archive is encrypted, and the key is wrong or missing where one is needed",
    31: "a budget of ops is used up; go on with a new one",
    50: "archive and database differ",
    75: "too busy, or the connection was lost; try again",
    130: "stopped by Ctrl-C",
  },
  async run(args, terminal) {
    const archive = placeIn(terminal, args.required("archive"));
    const unlock = await unlockOf(args, terminal);
    const verify = (against?: Parameters<typeof verifyArchive>[0]["against"]) =>
      withProgress(args, terminal, (onProgress) =>
        verifyArchive({
          archive,
          unlock,
          against,
          window: args.number("window"),
          pageSize: args.number("page-size"),
          maxMemory: args.number("max-memory"),
          signal: terminal.signal,
          onProgress,
        }),
      );
    const report = args.flag("against")
      ? await withDatabase(args, terminal, verify)
      : await verify();
    if (args.flag("json")) printJsonReport(terminal, report);
    else terminal.out(verifySummary(report));
    failUnlessEqual(report);
    return 0;
  },
};

/** @throws ArkError with the exit status that the report means. */
export function failUnlessEqual({ archive, problems, against }: VerifyReport): void {
  if (problems.length > 0) {
    throw new ArkError(
      "ERR_ARCHIVE_CORRUPT",
      `The archive is damaged: ${counted(problems.length, "problem")}.`,
      { place: archive, hint: "Take another copy of the files named above, or export again." },
    );
  }
  if (against !== undefined && !against.equal) {
    throw new ArkError("ERR_MISMATCH", "The archive and the database differ.", {
      place: databasePlace(against),
      hint: "The differences are listed above; --json gives them to a script.",
    });
  }
}

/** What a verification found, for people. */
export function verifySummary(report: VerifyReport): string {
  const { archive, opened, problems, notes, documents, versions, files, against } = report;
  const past = versions > 0 ? `, ${counted(versions, "past version")} and deletions,` : "";
  const whole = problems.length === 0;
  const lines = [
    `Archive ${archive}: ${whole ? (opened ? "whole" : "whole as stored, NOT OPENED") : "DAMAGED"}\n`,
    whole && !opened
      ? `  ${counted(files, "file")}; every size and checksum is as the manifest says. With a key (--identity, --passphrase) what is in them is proven too.\n`
      : whole
        ? `  ${counted(documents, "document")}${past} in ${counted(files, "file")}; every size, checksum, count, order and fingerprint is as the manifest says.\n`
        : problems
            .map(
              ({ file, line, offset, message, code }) =>
                `  ${file}${line === undefined ? ` at byte ${offset}` : `:${line}`}: ${message} (${code})\n`,
            )
            .join(""),
    ...notes.map(({ file, message }) => `  note: ${file}: ${message}\n`),
  ];
  return lines.join("") + (against === undefined ? "" : againstSummary(against));
}

function againstSummary(against: AgainstReport): string {
  const { equal, snapshot, collections, histories, definitions } = against;
  const rows = collections.map((each) => [
    inDatabase(each.name, each.database),
    count(each.archived),
    count(each.live),
    verdict(each),
  ]);
  return [
    `Database ${databasePlace(against)} at ${snapshot.time}: ${equal ? "equal" : "DIFFERENT"}\n`,
    columns([["collection", "archive", "database", ""], ...rows], { right: [1, 2] }),
    ...collections.flatMap(differingDocuments),
    ...histories.map(pastSummary),
    definitions.length === 0
      ? "  Every definition and schema file is the same.\n"
      : definitions.map(differingDefinition).join(""),
  ].join("");
}

const KINDS = {
  different: "differ",
  missing: "are missing from the database",
  extra: "are in the database only",
  expired: "expired since",
  newTs: "under a new ts",
} as const;

function verdict({ equal, counts }: CollectionComparison): string {
  const exceptions = (["expired", "newTs"] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${count(counts[kind])} ${KINDS[kind]}`);
  return [equal ? "equal" : "DIFFERENT", ...exceptions].join(", ");
}

function differingDocuments({ database, name, counts, ids }: CollectionComparison): string[] {
  return (["different", "missing", "extra"] as const)
    .filter((kind) => counts[kind] > 0)
    .map(
      (kind) =>
        `  ${inDatabase(name, database)}: ${count(counts[kind])} ${KINDS[kind]}: ${some(ids[kind], counts[kind], 20)}\n`,
    );
}

function pastSummary(past: AgainstReport["histories"][number]): string {
  const { equal, since, versions, nulls, differing, ids } = past;
  const where = `  past of ${inDatabase(past.name, past.database)}: `;
  if (since === null && equal) {
    return `${where}not compared, the database does not reach back to the archive's snapshot any more\n`;
  }
  if (since === null) return `${where}DIFFERENT, the database has no such collection\n`;
  const how = equal
    ? "equal"
    : `DIFFERENT in ${counted(differing, "document")}: ${some(ids, differing, 20)}`;
  const stripped = nulls > 0 ? `, ${count(nulls)} without nulls inside arrays` : "";
  return `${where}${counted(versions, "version")} and deletions since ${since}, ${how}${stripped}\n`;
}

function differingDefinition({
  database,
  kind,
  name,
  how,
  members,
}: AgainstReport["definitions"][number]): string {
  const what = kind === "fsl" ? "schema file" : kind;
  const where =
    how === "missing"
      ? "is missing from the database"
      : how === "extra"
        ? "is in the database only"
        : `differs${members.length === 0 ? "" : ` in ${members.join(", ")}`}`;
  return `  ${inDatabase(`${what} ${name}`, database)} ${where}\n`;
}

function databasePlace({ endpoint, database }: AgainstReport): string {
  return database === "" ? endpoint : `${endpoint} database ${database}`;
}
