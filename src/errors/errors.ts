/** The one error class of the toolkit and the table of its codes. */
import { ERROR_CODES, type ErrorCode } from "./codes.ts";

export { ERROR_CODES, type ErrorCode } from "./codes.ts";

export interface ArkErrorOptions {
  readonly cause?: unknown;
  /** Where it happened: a file and line, a flag, a collection and id, a URL without its secret. */
  readonly place?: string | undefined;
  /** What the reader can do about it, as one sentence. */
  readonly hint?: string | undefined;
  /** Machine-readable particulars for `--json`; never secrets. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** Every failure that the toolkit foresees. Anything else that is thrown is a defect. */
export class ArkError extends Error {
  override readonly name = "ArkError";
  readonly code: ErrorCode;
  readonly place: string | undefined;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: ArkErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.place = options.place;
    this.hint = options.hint;
    this.details = options.details;
  }

  /** The status a process that dies of this error exits with. */
  get exitStatus(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** Whether `error` is an {@link ArkError}, of one of `codes` if any are given. */
export function isArkError(error: unknown, ...codes: readonly ErrorCode[]): error is ArkError {
  return error instanceof ArkError && (codes.length === 0 || codes.includes(error.code));
}
