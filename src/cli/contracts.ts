/**
 * What `--json` promises: the top-level members of every report. Tests hold real reports to it, so that a member
 * that is added, renamed or dropped shows here and in docs/CLI.md.
 */
export interface Contract {
  readonly title: string;
  readonly members: Readonly<Record<string, string>>;
}

const NOTES =
  "What could not be kept exactly: `code`, `message`, `database` (names from the top down), `collection`, `count`, some `examples`.";

const FIDELITY =
  "How exact it is: `exact` counts `documents`, `definitions` and `secrets`, with history also past `versions`; `natural` (what Fauna lets nobody keep), `left` (left out, or left as it was) and `failed` have an entry for every category, of `code`, `title`, `count` and some `examples`, also where the count is 0.";

export const EXPORT_CONTRACT: Contract = {
  title: "`export`",
  members: {
    archive: "Where the archive is.",
    snapshot: "The moment it shows: `ts`, and `time` in ISO 8601.",
    documents: "How many documents.",
    definitions: "How many definitions.",
    plainBytes: "Bytes of the segments before compression.",
    storedBytes: "Bytes of the segments as stored.",
    segments: "How many segments.",
    collections:
      "For each: `database` (its path, empty for the exported one), `name`, `documents`, how many were `expired` when they were read, and its `history`: null, or since when (`from`) and how many `versions`.",
    history:
      "Versions that are no more and deletions: how many `versions`, in how many `segments`, `plainBytes`, `storedBytes`. Null without `--history`.",
    resumed:
      "Null, or with `--resume` what was there already: when the export `started`, how many `documents` in how many `segments`, and the files that were `damaged` and were written again.",
    caughtUp:
      "Null, or with `--catch-up` how many `documents` are there, or are not there, in another way than they were read at first, and in how many `rounds` what had changed was looked at.",
    databases: "Paths of the child databases that were exported.",
    notes: NOTES,
    fidelity: FIDELITY,
    seconds: "How long it took.",
    requests: "How many requests it made.",
  },
};

export const RESTORE_HISTORY_CONTRACT: Contract = {
  title: "`export --restore-history`",
  members: {
    restoredHistory:
      "Null when nothing was raised; else when the export began that raised it (`started`), the collections that were `restored`, and those that were changed or deleted since and are `left` alone, each with `database` (its path, empty for the exported one), `name`, and the `historyDays` that it had.",
  },
};

export const IMPORT_CONTRACT: Contract = {
  title: "`import`",
  members: {
    source: "What was imported.",
    target: "The endpoint and database it was imported into.",
    documents:
      "`read` from the source; `written` by this run; `refused` by the target; `skipped`: those that were `there` already (with `--continue` by the interrupted run), `expired` meanwhile, or kept as the target had them. Always `read` = `written` + `refused` + `skipped`. In the target under a new `ts`: `newTs`.",
    collections:
      "The same for each: `database` (its path, empty for the target itself), `name`, and the counts as in `documents`.",
    databases: "Paths of the child databases that were restored.",
    history:
      "Past versions and deletions: `read` from the source, `written`, `expired`, `refused`, `leftOut` with their documents; and of those written, how many are `outOfWindow`. Null where there are none, or none were to be restored.",
    secrets:
      "Of `credentials`, `keys` and `tokens` each: how many were `read`, `written` and `refused`.",
    conflicts:
      "Null, or with `--on-conflict` what became of documents that were there: the `policy`, how many were the `same` (of those under an `otherTs`), `created`, `replaced`, `kept` and `deleted`, and the same of each of the `collections`, with the `database` that it is in.",
    steps: "In how many steps.",
    notes: NOTES,
    fidelity: FIDELITY,
    deadLetterFile: "NDJSON file of the refused documents and the reasons, or null.",
    deadLetterFiles: "All such files: each child database has its own.",
    seconds: "How long it took.",
    requests: "How many requests it made.",
  },
};

export const PLAN_CONTRACT: Contract = {
  title: "`import --dry-run`, `copy --dry-run`",
  members: {
    source: "What would be imported.",
    title: "What kind of source it is.",
    target: "Where to.",
    documents: "How many documents would be written.",
    steps: "What would be done, in order: `title` and `reason` of each.",
  },
};

const ESTIMATE =
  "`expected`, and `low` and `high`, between which it lies nineteen times out of twenty";

export const EXPORT_PLAN_CONTRACT: Contract = {
  title: "`plan`",
  members: {
    source: "The endpoint and database.",
    snapshot: "The moment that was looked at: `ts`, and `time` in ISO 8601.",
    counted: "How documents were counted: `by listing`, or with `--quick` `by looks`.",
    documents: `How many documents: ${ESTIMATE}.`,
    plainBytes: "Bytes of the segments before compression; the same three.",
    storedBytes: "Bytes of the segments as stored; the same three.",
    readOps: "Read ops that the export would use; the same three.",
    computeOps: "Compute ops; the same three.",
    requests: "How many requests it would make; the same three.",
    seconds: "How long it would take; the same three.",
    formula:
      "The time as k · n · s / b: `n` documents of `s` bytes on the wire, `b` bytes a second as measured, and `k`, all that is done over reading alone.",
    historySeconds:
      "How far back every collection can be read; an export that takes longer needs `--catch-up`. Null without collections.",
    collections:
      "For each: `database` (its path, empty for the top), `name`, `documents`, `bytesEach`, `plainBytes`, `storedBytes`, `readOps` (each with the same three), how many were `sampled`, and the `chunks`: `ranges`, `documentsPerRange` at most, `segments`.",
    used: "What finding this out has used: `requests`, `documents`, `readOps`, `computeOps`, `bytes`, `seconds`.",
  },
};

export const VERIFY_CONTRACT: Contract = {
  title: "`verify`",
  members: {
    archive: "What was verified.",
    equal: "Whether the archive is whole and, where a database was given, holds the same.",
    opened:
      "Whether its contents were looked into; false for an encrypted archive without a key, of which sizes and checksums were compared.",
    problems:
      "What is wrong with the archive: `code`, `message`, `file`, `offset` in bytes, and `line` where known. With any, nothing is compared.",
    notes: "Odd and harmless: `message`, `file`.",
    documents: "Documents in the archive.",
    versions: "Past versions and deletions in the archive.",
    files: "Files of the archive.",
    against:
      "Only with `--against`: `endpoint`, `database`, `snapshot`, `equal`; `collections`, each with `database` (its path), `name`, `archived`, `live`, `equal` and, as `counts` and as `ids` (at most 100 of a kind), the documents that are `different`, `missing`, `extra`, `expired` or the same under a `newTs`; `histories`, of collections of which the archive tells the past, with `database`, `name`, `since` (null when the database does not reach back so far), the `versions` compared, `equal`, how many only lost `nulls` inside arrays, how many documents are `differing`, and some of their `ids`; `definitions` that differ, each with `database`, `kind`, `name`, `how`, `members`.",
  },
};

export const COPY_CONTRACT: Contract = {
  title: "`copy`",
  members: {
    ...IMPORT_CONTRACT.members,
    source: "The endpoint and database that was copied.",
    target: "The endpoint and database it was copied into.",
    snapshot: "The moment of the source that was copied: `ts`, and `time` in ISO 8601.",
    definitions: "How many definitions.",
  },
};

export const DIFF_CONTRACT: Contract = {
  title: "`diff`",
  members: {
    a: "The first side: `kind` (`archive` or `database`), `place`, and the `snapshot` that it shows.",
    b: "The second side.",
    equal: "Whether nothing differs but what Fauna makes impossible to keep.",
    files:
      "Schema files that differ: `database` (its path), `name`, `how` (`removed`: in A only, `added`: in B only, `changed`), and as `diff` the lines, as `diff -u` prints them.",
    definitions:
      "Definitions that differ: `database`, `kind`, `name`, `how`, and the `members` that do.",
    collections:
      "For each: `database`, `name`, the documents of `a` and `b`, `equal`; `removed` and `added`, each with `count` and the lowest 100 `ids`; `changed`, with `count` and of the lowest 100 `documents` the `id`, the `fields` (`path` and `how`, also `order` for members in another order; at most 50) and their `count`.",
    natural:
      "What differs by Fauna's nature: `database`, `code`, `message`, `collection` or null, `count`, some `examples`.",
    notCompared: "What one of the two says nothing of: `what`, `why`.",
    seconds: "How long it took.",
  },
};

export const SHOW_CONTRACT: Contract = {
  title: "`show ARCHIVE`",
  members: {
    archive: "Where the archive is.",
    created: "When its manifest was written.",
    tool: "`name` and `version` of what wrote it.",
    source: "`endpoint` and `database` it was exported from.",
    snapshot: "The moment it shows: `ts`, and `time` in ISO 8601.",
    compression: "`gzip`, `zstd` or `none`.",
    encryption:
      "Null, or whom it is encrypted for: `recipients`, whether with a `passphrase`, and whether it was `opened`; without a key definitions are not shown.",
    options: "What the export was asked for.",
    database: "Path of the child database that is shown; empty for the exported one.",
    databases: "Paths of the databases below the exported one.",
    secrets: "How many `credentials`, `keys` and `tokens` it holds; null when none were asked for.",
    collections:
      "For each: `name`, `documents`, `plainBytes`, `storedBytes`, `segments`, and `versions`: past versions and deletions, or null.",
    definitions: "By kind: `name`, and which protocol it was `madeBy`.",
    files: "Names of the schema files.",
    notes: "What could not be kept exactly: `message`, `database`, `count`.",
  },
};

export const SHOW_COLLECTION_CONTRACT: Contract = {
  title: "`show ARCHIVE COLLECTION`",
  members: {
    name: "The collection.",
    documents: "How many documents.",
    historyDays: "Its `history_days`, or null.",
    ttlDays: "Its `ttl_days`, or null.",
    fingerprint: "Sums over all records: `exact`, and `content` that leaves `ts` out.",
    segments: "For each: `file`, `firstId`, `lastId`, `records`, `storedBytes`.",
    history:
      "Null, or what is told of its past: `since`, `versions`, and its `segments` like those of documents.",
    definition: "As Fauna printed it, as JSON texts, in `v4` and `v10`.",
  },
};

export const DEMO_CONTRACT: Contract = {
  title: "`demo`",
  members: {
    exported: "The report of its `export`.",
    imported: "The report of its `import`.",
    source: "The report of `verify --against` the sample database.",
    copy: "The report of `verify --against` its copy.",
  },
};

export const EMULATOR_CONTRACT: Contract = {
  title: "`emulator`, once it answers",
  members: {
    endpoint: "Where it answers.",
    secret: "Its root secret.",
    port: "Its port.",
  },
};

export const ERROR_CONTRACT: Contract = {
  title: "Errors, as the only member `error` of a document on stderr",
  members: {
    code: "One of the codes below.",
    message: "What happened.",
    place: "Where: a file and line, a flag, a document. May be absent.",
    hint: "What to do about it. May be absent.",
    details: "Particulars for programs. May be absent.",
    exitStatus: "The status that the process ends with.",
  },
};

export const CONTRACTS: readonly Contract[] = [
  EXPORT_PLAN_CONTRACT,
  EXPORT_CONTRACT,
  RESTORE_HISTORY_CONTRACT,
  IMPORT_CONTRACT,
  PLAN_CONTRACT,
  COPY_CONTRACT,
  VERIFY_CONTRACT,
  DIFF_CONTRACT,
  SHOW_CONTRACT,
  SHOW_COLLECTION_CONTRACT,
  DEMO_CONTRACT,
  EMULATOR_CONTRACT,
  ERROR_CONTRACT,
];
