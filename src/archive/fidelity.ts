/**
 * How exact an export, an import or a copy was: what is just as it was, what is other by Fauna's nature or because it
 * was asked for, and what failed. Every category is there, also when nothing falls into it.
 */

/** A note as reports hold it. */
export interface CountedNote {
  readonly code: string;
  readonly collection: string | null;
  readonly count: number;
  readonly examples: readonly string[];
}

export interface FidelityEntry {
  readonly code: string;
  /** What is counted. */
  readonly title: string;
  readonly count: number;
  /** Some of what is concerned; documents as `collection id`. */
  readonly examples: readonly string[];
}

/** Part of the `--json` contract. */
export interface Fidelity {
  /** What came through exactly as it was. */
  readonly exact: {
    readonly documents: number;
    readonly definitions: number;
    readonly secrets: number;
    /** Past versions and deletions; absent where they were not asked for. */
    readonly versions?: number;
  };
  /** What Fauna lets nobody keep. */
  readonly natural: readonly FidelityEntry[];
  /** What was left out or left alone because that was asked for, or because it is no part of this. */
  readonly left: readonly FidelityEntry[];
  /** What should have come through and did not. */
  readonly failed: readonly FidelityEntry[];
}

interface Category {
  readonly code: string;
  readonly title: string;
  readonly notes: RegExp;
}

const NATURAL: readonly Category[] = [
  { code: "new_ts", title: "documents with another ts", notes: /^(?:new_ts|as_of_now|other_ts)$/ },
  {
    code: "expired",
    title: "documents, past versions and secrets whose ttl has passed",
    notes: /(?:^|_)expired$/,
  },
  {
    code: "tokens",
    title: "secrets that are worth nothing in another database",
    notes: /_(?:elsewhere|without_database)$/,
  },
  {
    code: "lost_references",
    title: "references of definitions to others that are no more",
    notes: /^lost_references$/,
  },
  { code: "audience", title: "audiences of access providers", notes: /^audience$/ },
  {
    code: "fsl_reconstructed",
    title: "schema files made from the definitions of a past time",
    notes: /^fsl_reconstructed$/,
  },
  {
    code: "deleted_since",
    title: "collections and child databases deleted since that time",
    notes: /(?:^|_)deleted_since$/,
  },
  {
    code: "deleted_refs",
    title: "documents whose references into deleted collections were restored",
    notes: /^deleted_refs$/,
  },
  {
    code: "history",
    title: "past versions that Fauna does not take, keep or tell as they were",
    notes: /^history_(?:nulls|window|feeds|edge)$/,
  },
];

const DEFINITION_IDS = "definitions, whose ts and ids are the target's own";

const LEFT: readonly Category[] = [
  { code: "kept", title: "documents that the target kept as it had them", notes: /^kept$/ },
  { code: "deleted", title: "documents deleted from the target", notes: /^deleted$/ },
  {
    code: "secrets",
    title: "credentials, keys and tokens",
    notes: /^(?:secrets|credentials|keys|tokens|left_out)$/,
  },
  { code: "child_databases", title: "child databases", notes: /^child_databases$/ },
  { code: "history", title: "past versions and deletions", notes: /^history_left_out$/ },
  { code: "staged_schema", title: "files of a staged schema", notes: /^staged_schema$/ },
];

const FAILED: readonly Category[] = [
  { code: "refused", title: "documents that the target refused", notes: /^refused$/ },
  {
    code: "history_refused",
    title: "past versions that the target refused",
    notes: /^history_refused$/,
  },
  {
    code: "secrets_refused",
    title: "secrets that the target refused",
    notes: /^(?:credentials|keys|tokens)_refused$/,
  },
  {
    code: "lost",
    title: "values that v10 alone could not show",
    notes: /^(?:lost|v4_off)$/,
  },
  {
    code: "lost_members",
    title: "documents that lost members beside data and ttl",
    notes: /^lost_members$/,
  },
];

/** These say more of notes that are counted already. */
const DETAILS = /^deleted_refs_refused$/;

const EXAMPLES = 10;

/**
 * @param notes all that a report says of what could not be kept; a code of no category counts as failed, so that none
 * is ever passed over.
 * @param newDefinitions definitions that were made anew in a target.
 */
export function fidelityOf(
  exact: Fidelity["exact"],
  notes: readonly CountedNote[],
  newDefinitions = 0,
): Fidelity {
  const known = [...NATURAL, ...LEFT, ...FAILED].map((category) => category.notes);
  const others = notes.filter(
    ({ code }) => !DETAILS.test(code) && !known.some((codes) => codes.test(code)),
  );
  return {
    exact,
    natural: [
      ...NATURAL.map((category) => entry(category, notes)),
      { code: "definition_ids", title: DEFINITION_IDS, count: newDefinitions, examples: [] },
    ],
    left: LEFT.map((category) => entry(category, notes)),
    failed: [
      ...FAILED.map((category) => entry(category, notes)),
      entry({ code: "other", title: "of other kinds, listed by themselves", notes: /^/ }, others),
    ],
  };
}

function entry({ code, title, notes: codes }: Category, notes: readonly CountedNote[]) {
  const found = notes.filter((note) => codes.test(note.code));
  const examples = found.flatMap(({ collection, examples: ids }) =>
    ids.map((id) => (collection === null ? id : `${collection} ${id}`)),
  );
  return {
    code,
    title,
    count: found.reduce((sum, { count }) => sum + count, 0),
    examples: examples.slice(0, EXAMPLES),
  };
}
