/** What an import counts of the past of a collection, and what it remembers of it until it is proved. */
import { IdList } from "../values/id-list.ts";
import type { DocumentRecord } from "../values/record.ts";

/** What became of the past of one collection. Always: `read` = `written` + `expired` + `refused` + `leftOut`. */
export interface HistoryTally {
  readonly name: string;
  /** Versions and deletions that the source tells. */
  readonly read: number;
  readonly written: number;
  /** Versions whose ttl has passed, written as the deletions that they look like. */
  readonly expired: number;
  readonly refused: number;
  /** Their documents are not in the target. */
  readonly leftOut: number;
  /** Of those written, versions that lost nulls inside of arrays. */
  readonly nulls: number;
  /** Of those written, versions that lost top-level members beside data and ttl. */
  readonly lostMembers: number;
  /** Of those written, what the target tells no more since its collection has its own `history_days`. */
  readonly outOfWindow: number;
  /** Some ids of what is not as it was. */
  readonly examples: Readonly<Record<Oddity, readonly string[]>>;
}

type Oddity = "expired" | "refused" | "leftOut" | "nulls" | "lostMembers";

const EXAMPLES = 10;

export class Tally implements HistoryTally {
  readonly name: string;
  /** Of documents of which the source tells a past. */
  ids = new IdList();
  read = 0;
  written = 0;
  expired = 0;
  refused = 0;
  leftOut = 0;
  nulls = 0;
  lostMembers = 0;
  outOfWindow = 0;
  readonly examples = {
    expired: [] as string[],
    refused: [] as string[],
    leftOut: [] as string[],
    nulls: [] as string[],
    lostMembers: [] as string[],
  };
  readonly #leftOut = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #expired = new Set<string>();

  constructor(name: string) {
    this.name = name;
  }

  clear(): void {
    this.ids = new IdList();
    this.read = this.written = this.outOfWindow = 0;
    for (const oddity of Object.keys(this.examples) as Oddity[]) {
      this[oddity] = 0;
      this.examples[oddity].length = 0;
    }
    for (const set of [this.#leftOut, this.#refused, this.#expired]) set.clear();
  }

  found(oddity: Oddity, { id }: DocumentRecord): void {
    this[oddity]++;
    const examples = this.examples[oddity];
    if (examples.length < EXAMPLES && examples.at(-1) !== id) examples.push(id);
  }

  leaveOut(id: string): void {
    this.#leftOut.add(id);
  }

  isLeftOut({ id }: DocumentRecord): boolean {
    return this.#leftOut.has(id);
  }

  refuse(record: DocumentRecord): void {
    this.found("refused", record);
    this.#refused.add(keyOf(record));
  }

  isRefused(record: DocumentRecord): boolean {
    return record.action !== "delete" && this.#refused.has(keyOf(record));
  }

  expire(record: DocumentRecord): void {
    this.found("expired", record);
    this.#expired.add(keyOf(record));
  }

  isExpired(record: DocumentRecord): boolean {
    return this.#expired.has(keyOf(record));
  }
}

function keyOf({ id, ts }: DocumentRecord): string {
  return `${id} ${ts}`;
}
