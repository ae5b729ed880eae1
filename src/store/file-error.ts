import { ArkError, isArkError } from "../errors/errors.ts";

/** What the operating system said, as an error of ours with place and hint. Errors of ours pass. */
export function fileError(cause: unknown, doing: string, place: string): unknown {
  const errno = systemCode(cause);
  if (errno === undefined || isArkError(cause)) return cause;
  if (FULL.has(errno)) {
    const hint = "Make room, or choose another place; nothing half-written was kept.";
    return new ArkError("ERR_DISK_FULL", `cannot ${doing}: no room left (${errno})`, {
      cause,
      place,
      hint,
    });
  }
  const missing = errno === "ENOENT";
  return new ArkError(
    "ERR_FILE_ACCESS",
    `cannot ${doing}: ${REASONS[errno] ?? "the system refused"} (${errno})`,
    {
      cause,
      place,
      hint: HINTS[errno] ?? "Check that the path is right and that this user may use it.",
      details: { errno, missing },
    },
  );
}

/** The failure of an exclusive write. */
export function occupied(place: string, cause?: unknown): ArkError {
  return new ArkError("ERR_TARGET_NOT_EMPTY", "there is such a file already", {
    place,
    cause,
    hint: "Choose another place; nothing was changed.",
  });
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENAMETOOLONG: "the path is too long",
  ELOOP: "symbolic links go in a circle",
  EIO: "the device failed",
};

const HINTS: Readonly<Record<string, string>> = {
  EACCES: "Give this user the right to it, or choose another place.",
  EPERM: "Give this user the right to it, or choose another place.",
  EROFS: "Choose a place that can be written to.",
  EMFILE: "Raise the limit (ulimit -n) or lower the concurrency.",
  ENFILE: "Raise the limit (ulimit -n) or lower the concurrency.",
  EIO: "Check the disk.",
};
