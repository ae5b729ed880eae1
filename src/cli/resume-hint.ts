import { isArkError } from "../errors/errors.ts";
import { canResume } from "../export/export.ts";
import type { Arguments } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** Errors that going on cannot help: nothing was begun, or it can no longer be read at its moment. */
const HOPELESS = [
  "ERR_USAGE",
  "ERR_CONFIG",
  "ERR_TARGET_NOT_EMPTY",
  "ERR_BUSY",
  "ERR_SNAPSHOT_EXPIRED",
] as const;

/** After an export has failed, says how to go on with it, if that can be. */
export async function hintAtResuming(
  failure: unknown,
  args: Arguments,
  terminal: Terminal,
  folder: string,
): Promise<void> {
  if (args.flag("json") || isArkError(failure, ...HOPELESS)) return;
  // That the place cannot be looked at must not hide why the export failed.
  if (!(await canResume(folder).catch(() => false))) return;
  terminal.err("What was exported is kept: the same command with --resume goes on from there.\n");
}
