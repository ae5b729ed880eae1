import { ArkError, type ErrorCode } from "../errors/errors.ts";
import type { SealError } from "./age.ts";

/** Something in an archive that is not as its manifest says. */
export interface Problem {
  readonly code: ErrorCode;
  /** What is wrong, without the place. */
  readonly message: string;
  /** The file concerned, as the archive names it. */
  readonly file: string;
  /**
   * Bytes before the first that may be wrong: of a segment or a schema file as plain text, of any other file as it is
   * stored. Without it the file as a whole is in question.
   */
  readonly offset?: number;
  /** The line in question; the first is 1. */
  readonly line?: number;
}

/** A problem as it is told: what concerns a file as a whole is at its beginning. */
export type PlacedProblem = Problem & { readonly offset: number };

/** The problem with its offset. */
export function placed(problem: Problem): PlacedProblem {
  return { ...problem, offset: problem.offset ?? 0 };
}

/** That a sealed file is damaged, or sealed to others; `offset` bytes of it could be opened. */
export function cannotOpen(error: SealError, file: string, offset = 0): Problem {
  const reason = error.isOtherKey ? "it is not sealed to this archive's keys" : error.message;
  const message = `the file cannot be opened: ${reason}`;
  return { code: "ERR_ARCHIVE_CORRUPT", message, file, offset };
}

/** Takes a problem, or throws it. */
export type Report = (problem: Problem) => void;

/** The problem as an error, for those who stop at the first. */
export function problemError(problem: Problem, storePlace: string): ArkError {
  const { code, message, file, line } = problem;
  return new ArkError(code, message, {
    place: `${storePlace}/${file}${line === undefined ? "" : `:${line}`}`,
    hint: HINTS[code],
    details: { ...placed(problem) },
  });
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  ERR_ARCHIVE_CORRUPT:
    "Take another copy of this file or archive; `fauna-ark verify ARCHIVE` lists everything that is damaged.",
  ERR_ARCHIVE_UNSAFE: "Do not trust this archive: no fauna-ark writes such names.",
  ERR_ARCHIVE_INCOMPLETE: "Export again into an empty folder.",
};
