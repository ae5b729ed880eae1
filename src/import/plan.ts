/**
 * What an import does, in which order, and why: a list of steps, made before the first write. A dry run prints it; an
 * import runs it. Every step can be repeated without changing its result.
 */
import type { Connection } from "../fauna/fauna.ts";
import { printString } from "../values/json.ts";
import type { DocumentsRun } from "./documents.ts";
import { closingSteps, schemaSteps } from "./schema-steps.ts";
import { credentialSteps } from "./secret-steps.ts";
import type { HistoryRun } from "./history.ts";
import type { SecretsRun } from "./secrets.ts";
import { type ImportSource, pastOf, restoredHistory } from "./source.ts";
import { schemaStages } from "./stages.ts";

export interface Step {
  readonly title: string;
  /** Why it is there, and why at this place. */
  readonly reason: string;
  run(context: StepContext): Promise<void>;
}

export interface StepContext {
  readonly target: Connection;
  readonly documents: DocumentsRun;
  readonly history: HistoryRun;
  readonly secrets: SecretsRun;
  readonly signal: AbortSignal;
  /** Marks the target as that of this import. */
  readonly mark: () => Promise<void>;
  /** Does work during which the mark is left alone: to the schema every note in it is a change. */
  readonly quietly: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What the target has already. */
export interface Existing {
  /** Collections that are there; the others of a source without a schema are made. */
  readonly existing: ReadonlySet<string>;
  /** Whether an earlier attempt of the same import has made the schema as documents need it, and it is there. */
  readonly hasSchema?: boolean | undefined;
}

export function planSteps(source: ImportSource, target: Existing): Step[] {
  return [MARK_STEP, ...databaseSteps(source, target)];
}

/** As {@link planSteps}, without the mark: for databases below one that has it. */
export function databaseSteps(source: ImportSource, { existing, hasSchema }: Existing): Step[] {
  const stages = source.hasSchema ? schemaStages(source, existing) : undefined;
  return [
    ...(hasSchema === true
      ? [LEAVE_SCHEMA_STEP]
      : stages !== undefined
        ? schemaSteps(source, stages)
        : bareCollectionSteps(source, existing)),
    ...documentSteps(source),
    ...historySteps(source),
    ...credentialSteps(source),
    ...(stages === undefined ? [] : closingSteps(source, stages)),
    ...(pastOf(source).size > 0 ? [WINDOW_STEP] : []),
  ];
}

const MARK_STEP: Step = {
  title: "mark the target",
  reason: "an import that does not finish is recognised by it, and goes on with --continue",
  run: ({ mark }) => mark(),
};

const WINDOW_STEP: Step = {
  title: "count what the windows leave of the past",
  reason: "with the history_days that they had, collections tell no more than they did",
  run: ({ history }) => history.countOutOfWindow(),
};

const LEAVE_SCHEMA_STEP: Step = {
  title: "leave the schema as it is",
  reason: "the mark says that the interrupted import has made all of it, and all of it is there",
  run: async () => {},
};

/** Documents alone need a collection each; one that is there already was found free of documents. */
function bareCollectionSteps(source: ImportSource, existing: ReadonlySet<string>): Step[] {
  return source.collections
    .filter(({ name }) => !existing.has(name))
    .map(({ name }) => ({
      title: `create the collection ${name}`,
      reason: "the source has no schema; the collection gets Fauna's defaults",
      run: async ({ target, signal }) => {
        const ref = `{"collection":${printString(name)}}`;
        const create = `{"create_collection":{"object":{"name":${printString(name)}}}}`;
        const query = `{"if":{"exists":${ref}},"then":null,"else":{"do":[${create},null]}}`;
        await target.v4(query, { idempotent: true, signal });
      },
    }));
}

function historySteps(source: ImportSource): Step[] {
  const collections = restoredHistory(source)?.collections ?? [];
  const told = collections.filter(({ versions }) => versions !== 0);
  if (told.length === 0) return [];
  const count = told.reduce((sum, { versions = NaN }) => sum + versions, 0);
  const what = Number.isNaN(count)
    ? `the past of ${told.length} collections`
    : `${count} past versions and deletions`;
  return [
    {
      title: `write ${what}`,
      reason:
        "below the documents, which hide them; their collections were made with room for the past, or none of it would stay",
      run: ({ history }) => history.write(),
    },
    {
      title: "read the target's past and compare",
      reason: "what a collection has no room for is forgotten without a word",
      run: ({ history }) => history.prove(),
    },
  ];
}

function documentSteps(source: ImportSource): Step[] {
  if (source.collections.length === 0) return [];
  const count = source.collections.reduce((sum, { documents }) => sum + documents, 0);
  return [
    {
      title: `write ${count} documents into ${source.collections.length} collections`,
      reason: "after the schema, which could not be changed freely with documents in it",
      run: ({ documents }) => documents.write(),
    },
    {
      title: "list the target's refs and compare",
      reason:
        "a deletion that is newer than an imported version hides it, and nothing else would tell",
      run: ({ documents }) => documents.prove(),
    },
  ];
}
