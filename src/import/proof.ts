/** The proof of an import: what the target lists is what was written. */
import { ArkError, isArkError } from "../errors/errors.ts";
import { type Connection, idPages, snapshotTime } from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import type { Ids } from "../values/id-page.ts";
import type { DocumentRecord } from "../values/record.ts";
import { hasExpired } from "./expired.ts";
import type { IdRange, IdRanges } from "./id-ranges.ts";
import { IdSet } from "./id-set.ts";
import type { ImportSource } from "./source.ts";
import type { CollectionTally } from "./tally.ts";

interface ProofOptions {
  /** When the target is looked at. */
  readonly moment: Moment;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  readonly onProgress: OnProgress;
}

/** Ids named by an error, at most. */
const IDS_NAMED = 20;
const IDS_IN_DETAILS = 1000;
/** Ids that are held to tell which differ, at most, unless one range has more. */
const IDS_HELD = 1_000_000;

/** So many times in a row another moment is taken before it is the database's fault. */
const EXPIRED_MOST = 3;

/**
 * When a target is looked at: after all was written, and before that leaves the history window. One that takes longer to
 * be compared is looked at later again, for nobody writes to it meanwhile.
 */
export class Moment {
  readonly #target: Connection;
  readonly #signal: AbortSignal;
  #at: Promise<bigint> | undefined;

  constructor(target: Connection, signal: AbortSignal) {
    this.#target = target;
    this.#signal = signal;
  }

  /** In microseconds; the same for all who ask. */
  get at(): Promise<bigint> {
    return (this.#at ??= snapshotTime(this.#target, { signal: this.#signal }));
  }

  /** Takes note that a moment can no longer be read. */
  async expired(at: bigint): Promise<void> {
    if ((await this.at) === at) this.#at = undefined;
  }
}

/** Compares one collection, range by range; what is not as it should be is looked into at the end. */
export class CollectionProof {
  readonly #target: Connection;
  readonly #source: ImportSource;
  readonly #tally: CollectionTally;
  readonly #expected: IdRanges;
  readonly #options: ProofOptions;
  readonly #different: { readonly index: number; readonly found: IdSet }[] = [];
  #compared = 0;

  constructor(
    target: Connection,
    source: ImportSource,
    expected: { readonly tally: CollectionTally; readonly ids: IdRanges },
    options: ProofOptions,
  ) {
    this.#target = target;
    this.#source = source;
    this.#tally = expected.tally;
    this.#expected = expected.ids;
    this.#options = options;
  }

  /** Lists the refs of one range and compares them with what was written. */
  async compare(index: number): Promise<void> {
    const range = this.#expected.range(index);
    const found = new IdSet();
    for await (const page of this.#list(range)) {
      found.addAll(page);
      this.#report(page.length);
    }
    if (!found.equals(range.ids)) this.#different.push({ index, found });
  }

  /**
   * To be called when all ranges are compared.
   *
   * @throws ArkError ERR_MISMATCH naming ids that are missing or extra.
   */
  async end(): Promise<void> {
    if (this.#different.length === 0) return;
    const alive = await this.#stillAlive();
    const wrong = this.#different.filter(({ index, found }) => !found.equals(alive.get(index)!));
    const missing: string[] = [];
    const extra: string[] = [];
    while (wrong.length > 0) {
      let held = 0;
      const some = new Map<number, Set<string>>();
      while (wrong.length > 0 && (some.size === 0 || held + wrong[0]!.found.count <= IDS_HELD)) {
        const { index, found } = wrong.shift()!;
        held += found.count;
        some.set(index, await this.#listed(index));
      }
      missing.push(...(await this.#takeAlive(some)));
      for (const left of some.values()) extra.push(...left);
    }
    if (missing.length > 0 || extra.length > 0) throw this.#mismatch(missing, extra);
  }

  async *#list({ from, to }: IdRange): AsyncGenerator<Ids> {
    const { signal, timeoutMs, moment } = this.#options;
    const request = { collection: this.#tally.name, to, signal, timeoutMs };
    let start = from;
    let expired = 0;
    for (;;) {
      const at = await moment.at;
      try {
        for await (const page of idPages(this.#target, { ...request, from: start, at })) {
          expired = 0;
          yield page;
          const last = page.at(page.length - 1)!;
          if (last === to) return;
          start = String(BigInt(last) + 1n);
        }
        return;
      } catch (error) {
        if (!isArkError(error, "ERR_SNAPSHOT_EXPIRED") || ++expired > EXPIRED_MOST) throw error;
        await moment.expired(at);
      }
    }
  }

  async #listed(index: number): Promise<Set<string>> {
    const there = new Set<string>();
    for await (const page of this.#list(this.#expected.range(index)))
      for (const id of page) there.add(id);
    return there;
  }

  /** Ids that have to be in the ranges that differ, without those whose ttl has passed since they were written. */
  async #stillAlive(): Promise<ReadonlyMap<number, IdSet>> {
    const alive = new Map(this.#different.map(({ index }) => [index, new IdSet()]));
    for await (const { id } of this.#alive()) alive.get(this.#expected.indexOf(id))?.add(id);
    return alive;
  }

  /** Takes what has to be there out of what is listed in some ranges. @returns what is not listed. */
  async #takeAlive(listed: ReadonlyMap<number, Set<string>>): Promise<string[]> {
    const missing: string[] = [];
    for await (const { id, isExpired } of this.#written()) {
      const there = listed.get(this.#expected.indexOf(id));
      if (there !== undefined && !there.delete(id) && !isExpired) missing.push(id);
    }
    return missing;
  }

  async *#alive(): AsyncGenerator<DocumentRecord> {
    for await (const { record, isExpired } of this.#written()) if (!isExpired) yield record;
  }

  /** The source's documents without those that were refused. A listing may lack those that have expired (live 3). */
  async *#written(): AsyncGenerator<{
    readonly id: string;
    readonly record: DocumentRecord;
    readonly isExpired: boolean;
  }> {
    const { signal } = this.#options;
    const { name, refusedIds } = this.#tally;
    const now = await snapshotTime(this.#target, { signal });
    for await (const records of this.#source.records(name, signal)) {
      for (const record of records) {
        const { id } = record;
        if (!refusedIds.has(id)) yield { id, record, isExpired: hasExpired(record, now) };
      }
    }
  }

  #mismatch(missing: readonly string[], extra: readonly string[]): ArkError {
    const { name } = this.#tally;
    return new ArkError(
      "ERR_MISMATCH",
      `${name} does not hold what was written: ${missing.length} missing${named(missing)}, ${extra.length} extra${named(extra)}.`,
      {
        place: `${this.#target.place} collection ${name}`,
        hint:
          missing.length > 0
            ? "If documents of these ids were deleted here before, their deletion is newer than the import and hides it: use an empty database."
            : "Somebody else wrote to the target; import into an empty database.",
        details: {
          collection: name,
          missing: missing.slice(0, IDS_IN_DETAILS),
          extra: extra.slice(0, IDS_IN_DETAILS),
        },
      },
    );
  }

  #report(more: number): void {
    const { name, read } = this.#tally;
    this.#compared = Math.min(read, this.#compared + more);
    this.#options.onProgress({
      phase: "compare",
      item: name,
      done: this.#compared,
      total: this.#source.collections.find((each) => each.name === name)!.documents,
      unit: "documents",
    });
  }
}

function named(list: readonly string[]): string {
  if (list.length === 0) return "";
  return ` (${list.slice(0, IDS_NAMED).join(", ")}${list.length > IDS_NAMED ? ", …" : ""})`;
}
