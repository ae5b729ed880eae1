/** What an archive of the past says of what it lacks. */
import type { ArchiveWriter } from "../archive/archive.ts";
import type { DatabaseAtSnapshot } from "./tree.ts";

/** A note as reports of exports and copies hold it. */
export interface PastNote {
  readonly code: string;
  readonly message: string;
  readonly database: string[];
  readonly collection: string | null;
  readonly count: number;
  readonly examples: string[];
}

const EXAMPLES = 5;

/** What could not be kept of one database at a past moment; nothing when its schema is still the same. */
export function pastNotes({ path, schema, gone = [] }: DatabaseAtSnapshot): PastNote[] {
  const { past } = schema;
  const note = (code: string, message: string, all: readonly string[]): PastNote[] =>
    all.length === 0
      ? []
      : [
          {
            code,
            message,
            database: [...path],
            collection: null,
            count: all.length,
            examples: all.slice(0, EXAMPLES),
          },
        ];
  return [
    ...note(
      "fsl_reconstructed",
      "FSL reconstructed from the definitions of that time, for the schema was changed since: comments, layout and the division into files are lost.",
      past?.rebuilt === true ? schema.files.map(({ filename }) => filename) : [],
    ),
    ...note(
      "fsl_left",
      "Definitions that the reconstructed schema file cannot say; they are in the archive as both protocols print them.",
      past?.left ?? [],
    ),
    ...note(
      "deleted_since",
      "Collections that were deleted since, or deleted and made anew: their definitions are here, but their documents can no longer be listed.",
      past?.gone ?? [],
    ),
    ...note(
      "databases_deleted_since",
      "Child databases that were deleted since, with all that they held.",
      gone,
    ),
  ];
}

/** Puts the notes down in an archive. */
export function notePast(archive: ArchiveWriter, database: DatabaseAtSnapshot): void {
  for (const note of pastNotes(database)) archive.note(note);
}
