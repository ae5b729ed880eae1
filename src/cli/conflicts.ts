/** Options for a target that holds documents, and for what Fauna takes only in a roundabout way. */
import { ArkError } from "../errors/errors.ts";
import { CONFLICT_POLICIES, type ConflictPolicy, type ImportOptions } from "../import/import.ts";
import type { ImportReport } from "../import/import.ts";
import type { Arguments } from "./arguments.ts";
import type { OptionSpec } from "./option.ts";
import { count, counted } from "./words.ts";

export const CONFLICT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "on-conflict",
    type: "choice",
    choices: CONFLICT_POLICIES,
    summary:
      "Import into a database that holds the same schema; documents that differ from the archive's, or were deleted since, make it fail, are skipped, replaced, or replaced where the archive's are newer",
    callOnly: true,
  },
  {
    name: "delete-extra",
    type: "flag",
    summary:
      "With --on-conflict: delete what the target's collections have more than the archive's; says first how many documents that is",
    callOnly: true,
  },
  {
    name: "confirm-delete",
    type: "count",
    placeholder: "N",
    summary: "With --delete-extra: yes, delete just so many documents",
    min: 1,
    callOnly: true,
  },
  {
    name: "data-only",
    type: "flag",
    summary: "Import documents, into the collections that are there; leave the schema as it is",
    callOnly: true,
  },
  {
    name: "restore-deleted-refs",
    type: "flag",
    summary:
      "Restore references into collections that are no more, through a collection of that name that is made and deleted again",
  },
];

/** @throws ArkError ERR_USAGE for options that do not go together. */
export function conflictOptions(
  args: Arguments,
): Pick<
  ImportOptions,
  "onConflict" | "deleteExtra" | "confirmDelete" | "dataOnly" | "restoreDeletedRefs"
> {
  const onConflict = args.text("on-conflict") as ConflictPolicy | undefined;
  if (args.number("confirm-delete") !== undefined && !args.flag("delete-extra")) {
    throw new ArkError("ERR_USAGE", "--confirm-delete is for --delete-extra.", {
      place: "--confirm-delete",
      hint: "Add --delete-extra, or leave it out.",
    });
  }
  return {
    onConflict,
    deleteExtra: args.flag("delete-extra"),
    confirmDelete: args.number("confirm-delete"),
    dataOnly: args.flag("data-only"),
    restoreDeletedRefs: args.flag("restore-deleted-refs"),
  };
}

/** What became of documents that were there, as rows of a summary. */
export function conflictRows({ conflicts }: Pick<ImportReport, "conflicts">): string[][] {
  if (conflicts === null) return [];
  const { same, otherTs, created, replaced, kept, deleted, policy } = conflicts;
  return [
    [
      "same",
      `${counted(same, "document")}${otherTs > 0 ? `, ${count(otherTs)} of another ts` : ""}`,
    ],
    ["new", counted(created, "document")],
    ["replaced", counted(replaced, "document")],
    ["kept", `${counted(kept, "document")} of the target (--on-conflict ${policy})`],
    ["deleted", counted(deleted, "document")],
  ];
}
