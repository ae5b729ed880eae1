/** The history of collections, as exports and copies take it: every version and deletion inside the window, up to the snapshot time. */
import type { ArchiveWriter, DatabaseWriter } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import { type Connection, historyEdge, historyPages, type PageFlow } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import type { DocumentRecord } from "../values/record.ts";
import { recordsOf } from "../values/record-lines.ts";
import type { CollectionAtSnapshot } from "./schema.ts";
import { asNamedThen, type Renames } from "./renames.ts";
import { withoutSecrets } from "./secrets.ts";

export interface HistoryReadingOptions {
  readonly source: Connection;
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  /** What was renamed since. */
  readonly renames: Renames | undefined;
  /** Whether passwords inside of documents are taken too. */
  readonly secrets: boolean;
  /** What all that is read has in common. */
  readonly flow: PageFlow;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

type Named = Pick<CollectionAtSnapshot, "name" | "nameNow">;

/** What of a history could not be taken as it was. */
export const OF_HISTORY = {
  history_expired:
    "Past versions whose own ttl has passed; Fauna tells that they were, but shows them no more, not even at a past time.",
  credentials:
    "Passwords inside of past versions of documents (`credentials`), left out without --secrets.",
} as const;

const EXAMPLES = 10;

/**
 * Makes sure that the history of these collections can be told at all.
 *
 * @throws ArkError ERR_USAGE when FQL v4 is switched off, without which nobody tells it.
 */
export async function requireHistory(
  source: Connection,
  [first]: readonly Named[],
  { signal, timeoutMs }: Pick<HistoryReadingOptions, "signal" | "timeoutMs">,
): Promise<void> {
  if (first === undefined) return;
  const { name, nameNow: collection = name } = first;
  await historyEdge(source, { collection, signal, timeoutMs });
}

/** @throws ArkError ERR_USAGE when history is asked for and no documents are. */
export function refuseBareHistory(options: {
  readonly history?: boolean | undefined;
  readonly schemaOnly?: boolean | undefined;
}): void {
  if (options.history !== true || options.schemaOnly !== true) return;
  throw new ArkError("ERR_USAGE", "A schema alone has no history.", {
    place: "--history",
    hint: "Leave out --history or --schema-only.",
  });
}

/**
 * Writes what can still be told of the past of collections whose documents are in the archive, collection by collection.
 *
 * What leaves the window while it is read is not missed: a history begins where the window did when the last of it
 * had been read.
 *
 * @throws ArkError ERR_SNAPSHOT_EXPIRED when the snapshot time itself has left the window.
 */
export async function exportHistory(
  archive: ArchiveWriter,
  database: DatabaseWriter,
  collections: readonly Named[],
  options: HistoryReadingOptions,
): Promise<void> {
  const { at, signal } = options;
  for (const collection of collections) {
    const reading = new HistoryReading(collection, options);
    const history = database.history(collection.name);
    await history.write(reading.pages(), { signal });
    const edge = await reading.edge();
    history.end(edge < at ? edge : at);
    for (const note of reading.notes) archive.note({ ...note, database: [...database.path] });
  }
}

/** One reading of a collection's past. */
export class HistoryReading {
  readonly #collection: Named;
  readonly #options: HistoryReadingOptions;
  #expired = 0;
  #passwords = 0;
  readonly #examples: string[] = [];

  constructor(collection: Named, options: HistoryReadingOptions) {
    this.#collection = collection;
    this.#options = options;
  }

  /** What it could not take as it was, counted. */
  get notes() {
    const { name: collection } = this.#collection;
    return [
      { code: "history_expired" as const, count: this.#expired, examples: this.#examples },
      { code: "credentials" as const, count: this.#passwords, examples: [] },
    ]
      .filter(({ count }) => count > 0)
      .map((note) => ({ ...note, collection, message: OF_HISTORY[note.code] }));
  }

  /** Since when, in microseconds, the past can be told by now. */
  edge(): Promise<bigint> {
    const { source, signal, timeoutMs } = this.#options;
    return historyEdge(source, { collection: this.#nameNow, signal, timeoutMs });
  }

  /** The records, in the order of `compareHistory`, each with its action and named as it was. */
  async *pages(): AsyncGenerator<readonly DocumentRecord[]> {
    const { secrets, renames } = this.#options;
    const told = asNamedThen(this.#told(), renames);
    const pages = secrets ? told : withoutSecrets(told, () => this.#passwords++);
    for await (const records of pages) yield recordsOf(records);
  }

  async *#told(): AsyncGenerator<readonly DocumentRecord[]> {
    const { source, at, flow, signal, timeoutMs, onProgress } = this.#options;
    const { name: item } = this.#collection;
    let done = 0;
    let bytes = 0;
    const report = (): void =>
      onProgress({ phase: "history", item, done, unit: "documents", bytes });
    report();
    const request = { collection: this.#nameNow, at, flow, signal, timeoutMs };
    for await (const { records, expired, documents, size } of historyPages(source, request)) {
      if (records.length > 0) yield records;
      this.#expired += expired.length;
      for (const { id } of expired) if (this.#examples.length < EXAMPLES) this.#examples.push(id);
      done += documents;
      bytes += size;
      report();
    }
  }

  get #nameNow(): string {
    const { name, nameNow = name } = this.#collection;
    return nameNow;
  }
}
