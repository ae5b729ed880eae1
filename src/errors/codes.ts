/**
 * Every code this toolkit can fail with, the exit status the command line gives it, and one
 * sentence for `docs/CLI.md`.
 *
 * 1 unexpected · 2 usage · 3 finished but incomplete · 1x access · 20 archive · 30 snapshot
 * expired · 31 budget used up · 40 database · 50 mismatch · 75 try again · 129/130/143
 * interrupted.
 */
export const ERROR_CODES = {
  ERR_UNEXPECTED: { exit: 1, about: "A defect in fauna-ark or in what it stands on." },
  ERR_USAGE: {
    exit: 2,
    about: "A flag, argument, environment variable or call that is not valid.",
  },
  ERR_CONFIG: { exit: 2, about: "The config file cannot be read or holds something unknown." },
  ERR_TARGET_NOT_EMPTY: { exit: 2, about: "The target already holds something and is left alone." },
  ERR_INCOMPLETE: { exit: 3, about: "The run finished, but some documents were refused." },
  ERR_ENDPOINT: { exit: 10, about: "The endpoint does not answer, or what answers is not Fauna." },
  ERR_UNAUTHORIZED: { exit: 11, about: "The secret is not valid for this endpoint or database." },
  ERR_FORBIDDEN: { exit: 12, about: "The secret's role may not do this." },
  ERR_FILE_ACCESS: { exit: 13, about: "A file or folder cannot be read or written." },
  ERR_DISK_FULL: { exit: 13, about: "The disk or quota is full." },
  ERR_ARCHIVE_INCOMPLETE: {
    exit: 20,
    about: "The archive has no manifest: its export never finished.",
  },
  ERR_ARCHIVE_CORRUPT: { exit: 20, about: "A file of the archive is missing or altered." },
  ERR_ARCHIVE_VERSION: { exit: 20, about: "The archive was written in a newer format." },
  ERR_ARCHIVE_UNSAFE: { exit: 20, about: "The archive names a file outside its own folder." },
  ERR_ARCHIVE_LOCKED: {
    exit: 22,
    about: "The archive is encrypted, and no key that opens it was given.",
  },
  ERR_RECORD: { exit: 20, about: "A record or value is not well formed." },
  ERR_SNAPSHOT_EXPIRED: {
    exit: 30,
    about: "The database can no longer be read at the snapshot time.",
  },
  ERR_BUDGET: {
    exit: 31,
    about: "The ops that the run may use are used up; it can go on with a new budget.",
  },
  ERR_DATABASE: { exit: 40, about: "The database refused a request." },
  ERR_SCHEMA: { exit: 40, about: "The database refused a definition or schema file." },
  ERR_PROTOCOL: { exit: 40, about: "An answer that is not what Fauna's API promises." },
  ERR_MISMATCH: {
    exit: 50,
    about: "Archive and database, or what was written and what is there, differ.",
  },
  ERR_BUSY: {
    exit: 75,
    about:
      "Another run writes the same archive or imports into the same target, or has taken this import over.",
  },
  ERR_TRY_AGAIN: {
    exit: 75,
    about: "Contention, throttling, a timeout or a lost connection outlasted the retries.",
  },
  ERR_HANGUP: { exit: 129, about: "Stopped by SIGHUP: the terminal is gone." },
  ERR_INTERRUPTED: { exit: 130, about: "Stopped by Ctrl-C." },
  ERR_TERMINATED: { exit: 143, about: "Stopped by SIGTERM." },
} as const satisfies Record<string, { readonly exit: number; readonly about: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;
