/**
 * Import into a database that holds the same schema already, and perhaps documents.
 *
 *     find the databases of the source in the target      (parts.ts)
 *     does the schema of each fit?                        (schema-fit.ts)
 *     compare every document with the target's            (counterparts.ts, decide.ts)
 *     refuse what is not to be, and deletions that were not confirmed
 *     write, delete                                       (run.ts)
 *     compare again: nothing is left to do
 *
 * There is no mark of an unfinished import: one that was interrupted is repeated, with the same policy.
 */
import { ArkError } from "../../errors/errors.ts";
import type { Connection } from "../../fauna/fauna.ts";
import type { DocumentsOptions } from "../documents.ts";
import type { ImportNote } from "../notes.ts";
import type { ImportSource } from "../source.ts";
import type { ConflictPolicy } from "./decide.ts";
import { type MergePart, mergeParts } from "./parts.ts";
import { MergeRun } from "./run.ts";
import { checkFit } from "./schema-fit.ts";
import type { MergeTally } from "./tally.ts";

export { CONFLICT_POLICIES, type ConflictPolicy } from "./decide.ts";

export interface MergeChoice {
  readonly policy: ConflictPolicy;
  /** Whether documents that the source does not have are deleted from its collections. */
  readonly deleteExtra: boolean;
  /** How many documents the caller knows that this deletes; it has to be right. */
  readonly confirmDelete: number | undefined;
}

/** What became of documents in a database that held some. */
export interface ConflictsReport {
  readonly policy: ConflictPolicy;
  /** The target had just these. */
  readonly same: number;
  /** Of those, the ones that have another `ts` in the target, which is not set back. */
  readonly otherTs: number;
  /** Written where none was. */
  readonly created: number;
  /** Written in the place of another. */
  readonly replaced: number;
  /** Left as the target had them, though the source has others. */
  readonly kept: number;
  /** Deleted, because the source does not have them. */
  readonly deleted: number;
  readonly collections: readonly {
    /** The database's path below the target, `parent/child`; "" for itself. */
    readonly database: string;
    readonly name: string;
    readonly same: number;
    readonly created: number;
    readonly replaced: number;
    readonly kept: number;
    readonly deleted: number;
  }[];
}

export interface Merged {
  /** The databases, the topmost first, with what was done in each. */
  readonly parts: readonly MergedPart[];
  readonly conflicts: ConflictsReport;
  readonly notes: readonly ImportNote[];
}

export interface MergedPart extends MergePart {
  readonly run: MergeRun;
}

/** How the documents of a database are handled. */
export type OptionsFor = (path: readonly string[]) => DocumentsOptions;

/** What a merge would do, with its reasons; writes nothing. @throws as {@link merge} does, but for confirmations. */
export async function planMerge(
  source: ImportSource,
  target: Connection,
  choice: MergeChoice,
  optionsFor: OptionsFor,
): Promise<{ readonly title: string; readonly reason: string }[]> {
  const tallies = await planned(await begin(source, target, choice, optionsFor));
  const sum = (of: (tally: MergeTally) => number) => total(tallies, of);
  const steps = [
    {
      count: sum(({ there }) => there),
      title: "leave %, which the target has",
      reason: "nothing would be another for whoever reads them",
    },
    {
      count: sum(({ conflicts }) => conflicts),
      title: "refuse the import because of %",
      reason: `the target has others${which(tallies, (each) => each.conflictExamples)}, or has deleted them since; --on-conflict skip, replace or newer decides`,
    },
    {
      count: sum(({ kept }) => kept),
      title: "keep the target's state of %",
      reason: `asked for with --on-conflict ${choice.policy}${which(tallies, (each) => each.keptExamples)}`,
    },
    {
      count: sum(({ created }) => created),
      title: "write %",
      reason: "the target does not have them",
    },
    {
      count: sum(({ replaced }) => replaced),
      title: "replace %",
      reason: `asked for with --on-conflict ${choice.policy}`,
    },
    {
      count: choice.deleteExtra ? sum(({ extra }) => extra) : 0,
      title: "delete %",
      reason: `the source does not have them${which(tallies, (each) => each.extraExamples)}; confirm with --confirm-delete`,
    },
  ];
  return [
    ...steps
      .filter(({ count }) => count > 0)
      .map(({ title, count, reason }) => ({
        title: title.replace("%", counted(count)),
        reason,
      })),
    { title: "compare again", reason: "nothing may be left to do" },
  ];
}

/**
 * Brings the documents of a source into a database that holds the same schema.
 *
 * @throws ArkError ERR_SCHEMA when the target's schema is another; ERR_TARGET_NOT_EMPTY naming conflicts, with policy
 * `fail`; ERR_USAGE when deletions are not confirmed; all these before the first write. ERR_MISMATCH when the target
 * does not show afterwards what it should.
 */
export async function merge(
  source: ImportSource,
  target: Connection,
  choice: MergeChoice,
  optionsFor: OptionsFor,
): Promise<Merged> {
  const parts = await begin(source, target, choice, optionsFor);
  // All databases are looked at before anything is written into one.
  const tallies = await planned(parts);
  refuseConflicts(target, tallies);
  const extra = choice.deleteExtra ? total(tallies, (each) => each.extra) : 0;
  if (extra > 0) checkConfirmed(target, tallies, extra, choice.confirmDelete);
  for (const { path, run } of parts) {
    const own = tallies.filter(({ database }) => database === path.join("/"));
    await run.write(choice.deleteExtra ? total(own, (each) => each.extra) : 0);
  }
  for (const { run } of parts) await run.prove();
  return {
    parts,
    conflicts: conflictsReport(choice.policy, parts.flatMap(done)),
    notes: parts.flatMap(notesOf),
  };
}

/** What is, or would be, done in a collection of some database. */
interface PlacedTally extends MergeTally {
  /** The database's path below the target, `parent/child`; "" for itself. */
  readonly database: string;
}

async function planned(parts: readonly MergedPart[]): Promise<PlacedTally[]> {
  const all: PlacedTally[] = [];
  for (const { path, run } of parts) all.push(...placed(path, await run.plan()));
  return all;
}

function done({ path, run }: MergedPart): PlacedTally[] {
  return placed(path, run.tallies);
}

function placed(path: readonly string[], tallies: readonly MergeTally[]): PlacedTally[] {
  return tallies.map((tally) => ({ ...tally, database: path.join("/") }));
}

async function begin(
  source: ImportSource,
  target: Connection,
  { policy, deleteExtra }: MergeChoice,
  optionsFor: OptionsFor,
): Promise<MergedPart[]> {
  const { signal } = optionsFor([]);
  const merged: MergedPart[] = [];
  for (const part of await mergeParts(source, target, signal)) {
    const fit = await checkFit(part.source, part.target, signal);
    const options = { ...optionsFor(part.path), ...fit, policy, deleteExtra };
    merged.push({ ...part, run: new MergeRun(part.target, part.source, options) });
  }
  return merged;
}

function refuseConflicts(target: Connection, tallies: readonly PlacedTally[]): void {
  const conflicts = total(tallies, (each) => each.conflicts);
  if (conflicts === 0) return;
  throw new ArkError(
    "ERR_TARGET_NOT_EMPTY",
    `${counted(conflicts)} of the source ${conflicts === 1 ? "is" : "are"} in the target with another content, or deleted there since${which(tallies, (each) => each.conflictExamples)}. Nothing was written.`,
    {
      place: target.place,
      hint: "Choose what becomes of them: --on-conflict skip, replace or newer.",
      details: {
        conflicts: tallies
          .filter((each) => each.conflicts > 0)
          .map((each) => ({
            database: each.database,
            collection: each.name,
            count: each.conflicts,
            examples: each.conflictExamples,
          })),
      },
    },
  );
}

/** A deletion is asked for twice: as such, and by how many documents it concerns. */
function checkConfirmed(
  target: Connection,
  tallies: readonly PlacedTally[],
  extra: number,
  confirmed: number | undefined,
): void {
  if (confirmed === extra) return;
  throw new ArkError(
    "ERR_USAGE",
    `${counted(extra)} of the target ${extra === 1 ? "is" : "are"} not in the source and would be deleted${which(tallies, (each) => each.extraExamples)}. Nothing was written.`,
    {
      place: target.place,
      hint: `If all of them are to go, add --confirm-delete ${extra}.`,
      details: {
        extra: tallies
          .filter((each) => each.extra > 0)
          .map((each) => ({
            database: each.database,
            collection: each.name,
            count: each.extra,
            examples: each.extraExamples,
          })),
      },
    },
  );
}

function conflictsReport(policy: ConflictPolicy, tallies: readonly PlacedTally[]): ConflictsReport {
  return {
    policy,
    same: total(tallies, (each) => each.there),
    otherTs: total(tallies, (each) => each.otherTs),
    created: total(tallies, (each) => each.created),
    replaced: total(tallies, (each) => each.replaced),
    kept: total(tallies, (each) => each.kept),
    deleted: total(tallies, (each) => each.deleted),
    collections: tallies.map(({ database, name, there, created, replaced, kept, deleted }) => ({
      database,
      name,
      same: there,
      created,
      replaced,
      kept,
      deleted,
    })),
  };
}

const NOTES = {
  as_of_now:
    "Written as of the time of the import: under their own ts a newer version or deletion in the target would hide them.",
  other_ts: "The target has them under another ts, which was left.",
  kept: "The target's own state was kept, as asked for.",
  deleted: "The source does not have them; deleted, as asked for.",
} as const;

function notesOf({ path, run }: MergedPart): ImportNote[] {
  return run.tallies
    .flatMap((tally) => [
      note("as_of_now", path, tally, tally.asOfNow, tally.asOfNowExamples),
      note("other_ts", path, tally, tally.otherTs, []),
      note("kept", path, tally, tally.kept, tally.keptExamples),
      note("deleted", path, tally, tally.deleted, tally.extraExamples),
    ])
    .filter(({ count }) => count > 0);
}

function note(
  code: keyof typeof NOTES,
  path: readonly string[],
  { name }: MergeTally,
  count: number,
  examples: readonly string[],
): ImportNote {
  return { code, message: NOTES[code], database: [...path], collection: name, count, examples };
}

function total(tallies: readonly PlacedTally[], of: (tally: PlacedTally) => number): number {
  return tallies.reduce((sum, tally) => sum + of(tally), 0);
}

function counted(count: number): string {
  return `${count} ${count === 1 ? "document" : "documents"}`;
}

const NAMED = 5;

/** Some of the documents concerned, as `Order 7, Order 9`. */
function which(
  tallies: readonly PlacedTally[],
  of: (tally: PlacedTally) => readonly string[],
): string {
  const all = tallies.flatMap((tally) => {
    const where = tally.database === "" ? "" : `${tally.database}: `;
    return of(tally).map((id) => `${where}${tally.name} ${id}`);
  });
  return all.length === 0
    ? ""
    : ` (${all.slice(0, NAMED).join(", ")}${all.length > NAMED ? ", …" : ""})`;
}
