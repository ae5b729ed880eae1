/** The history of collections, into the archive: every version and deletion inside the window, up to the snapshot time. */
import type { ArchiveWriter, DatabaseWriter } from "../archive/archive.ts";
import { type Connection, historyEdge, historyPages } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import type { DocumentRecord } from "../values/record.ts";
import { withoutSecrets } from "./secrets.ts";

export interface ExportHistoryOptions {
  readonly source: Connection;
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  /** Whether passwords inside of documents are written too. */
  readonly secrets: boolean;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

const NOTES = {
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
  [first]: readonly { readonly name: string }[],
  { signal, timeoutMs }: Pick<ExportHistoryOptions, "signal" | "timeoutMs">,
): Promise<void> {
  if (first !== undefined) await historyEdge(source, { collection: first.name, signal, timeoutMs });
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
  collections: readonly { readonly name: string }[],
  options: ExportHistoryOptions,
): Promise<void> {
  const { source, at, secrets, signal, timeoutMs } = options;
  for (const { name } of collections) {
    const reading = new HistoryReading(name, options);
    let passwords = 0;
    const pages = reading.pages();
    const history = database.history(name);
    await history.write(secrets ? pages : withoutSecrets(pages, () => passwords++), { signal });
    const edge = await historyEdge(source, { collection: name, signal, timeoutMs });
    history.end(edge < at ? edge : at);
    const note = (code: keyof typeof NOTES, count: number, examples: readonly string[]): void => {
      if (count === 0) return;
      const about = { database: [...database.path], collection: name, count };
      archive.note({ code, message: NOTES[code], ...about, examples: [...examples] });
    };
    note("history_expired", reading.expired, reading.examples);
    note("credentials", passwords, []);
  }
}

class HistoryReading {
  /** Versions that nobody can read any more. */
  expired = 0;
  readonly examples: string[] = [];
  readonly #name: string;
  readonly #options: ExportHistoryOptions;

  constructor(name: string, options: ExportHistoryOptions) {
    this.#name = name;
    this.#options = options;
  }

  async *pages(): AsyncGenerator<readonly DocumentRecord[]> {
    const { source, at, signal, timeoutMs, onProgress } = this.#options;
    let done = 0;
    let bytes = 0;
    const report = (): void =>
      onProgress({ phase: "history", item: this.#name, done, unit: "documents", bytes });
    report();
    const request = { collection: this.#name, at, signal, timeoutMs };
    for await (const { records, expired, documents, size } of historyPages(source, request)) {
      if (records.length > 0) yield records;
      this.expired += expired.length;
      for (const { id } of expired) if (this.examples.length < EXAMPLES) this.examples.push(id);
      done += documents;
      bytes += size;
      report();
    }
  }
}
