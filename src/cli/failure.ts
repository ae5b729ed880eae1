/** The only place where an error becomes words on the screen and an exit status. */
import { ArkError } from "../errors/errors.ts";
import type { Terminal } from "./terminal.ts";

/** Says what happened, where and what to do; returns the status to exit with. */
export function reportFailure(error: unknown, terminal: Terminal, json: boolean): number {
  const foreseen = error instanceof ArkError ? error : unexpected(error);
  if (json) {
    const { code, message, place, hint, details, exitStatus } = foreseen;
    terminal.err(
      `${JSON.stringify({ error: { code, message, place, hint, details, exitStatus } })}\n`,
    );
    return foreseen.exitStatus;
  }
  terminal.err(`fauna-ark: ${foreseen.message}\n`);
  if (foreseen.place !== undefined) terminal.err(`  where: ${foreseen.place}\n`);
  if (foreseen.hint !== undefined) terminal.err(`  remedy: ${foreseen.hint}\n`);
  terminal.err(`  code: ${foreseen.code} (exit status ${foreseen.exitStatus})\n`);
  if (!(error instanceof ArkError) && error instanceof Error && error.stack !== undefined) {
    terminal.err(`${error.stack}\n`);
  }
  return foreseen.exitStatus;
}

function unexpected(error: unknown): ArkError {
  const message = error instanceof Error ? error.message : String(error);
  return new ArkError("ERR_UNEXPECTED", `Unexpected failure: ${message}`, {
    cause: error,
    hint: "This is a defect: please report it with the lines below.",
  });
}
