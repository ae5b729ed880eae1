/**
 * How far an import is, as its mark in the target says it: the journal that `--continue` goes by. It is written after
 * what it says is durable in the target, and only so often that it costs next to nothing; what it does not say yet is
 * found by listing refs, or done again.
 */
import type { Connection } from "../fauna/fauna.ts";
import { updateMarker } from "./marker.ts";

/** How far one database is. */
export interface DatabaseProgress {
  /**
   * `schema`: being made. `documents`: made as documents need it, to which nothing more was done. `closing`: what
   * comes after the documents has begun, and changes the schema again.
   */
  readonly phase: "schema" | "documents" | "closing";
  /** Of the collections, in the source's order, so many first ones are written. */
  readonly written: number;
  /** Those among them of which documents were refused: they are looked at again. */
  readonly again: readonly number[];
  /** So many first ones were compared with what was written. */
  readonly proved: number;
}

const NOTHING_DONE: DatabaseProgress = { phase: "schema", written: 0, again: [], proved: 0 };

/** Requests between two entries: an entry is one request, too. */
const REQUESTS_BETWEEN = 32;

/** The journal of one import, over all its databases. */
export class ProgressJournal {
  readonly #target: Connection;
  readonly #signal: AbortSignal;
  readonly #found: Map<string, DatabaseProgress>;
  readonly #now = new Map<string, DatabaseProgress>();
  #requests = 0;
  #changed = false;
  /** Whether there was an entry since the last beat. */
  #isFresh = false;
  #isBeating = false;
  #isQuiet = false;
  /** Entries follow one another: an older one that came later would say less than is so. */
  #entering: Promise<void> = Promise.resolve();
  /** What the mark says is at least in part about documents: it has to be taken back before the schema changes. */
  #entered: boolean;

  /** @param found what the mark of an earlier attempt says; "" for an import that begins. */
  constructor(target: Connection, found: string, signal: AbortSignal) {
    this.#target = target;
    this.#signal = signal;
    this.#found = new Map(parseProgress(found));
    this.#entered = this.#found.size > 0;
    for (const [database, progress] of this.#found) this.#now.set(database, progress);
  }

  /** How far the earlier attempt came in a database. */
  found(path: readonly string[]): DatabaseProgress {
    return progressOf(this.#found, path);
  }

  /**
   * Forgets how far databases came of which the schema is made anew: that may delete collections with all that was
   * written into them. To be called before anything is done.
   */
  async forget(paths: readonly (readonly string[])[]): Promise<void> {
    const keys = paths.map(keyOf).filter((key) => this.#found.has(key));
    for (const key of keys) for (const map of [this.#found, this.#now]) map.delete(key);
    if (keys.length > 0) await this.#enter();
  }

  /** Notes how far a database is. What is noted reaches the target after some more requests. */
  note(path: readonly string[], progress: DatabaseProgress): void {
    this.#now.set(keyOf(path), progress);
    this.#changed = true;
  }

  /** Counts a request, and enters into the mark what was noted when there were enough of them. */
  async did(): Promise<void> {
    if (++this.#requests < REQUESTS_BETWEEN || !this.#changed) return;
    await this.#enter();
  }

  /** Notes that a database's schema will no longer be what documents need, before that is so. */
  async closing(path: readonly string[], progress: DatabaseProgress): Promise<void> {
    this.note(path, { ...progress, phase: "closing" });
    if (this.#entered) await this.#enter();
  }

  /** To be called every now and then: where nothing was entered since, it is noted that the import goes on. */
  async beat(): Promise<void> {
    // One that is on its way says it.
    if (this.#isBeating || this.#isQuiet) return;
    this.#isBeating = true;
    try {
      if (!this.#isFresh) await this.#enter();
      this.#isFresh = false;
    } finally {
      this.#isBeating = false;
    }
  }

  /** Does work during which nothing is noted: to the schema every note is a change. */
  async quietly<T>(work: () => Promise<T>): Promise<T> {
    this.#isQuiet = true;
    try {
      await this.settled();
      return await work();
    } finally {
      this.#isQuiet = false;
    }
  }

  /** Resolves when no entry is on its way any more. */
  async settled(): Promise<void> {
    await this.#entering.catch(() => {});
  }

  async #enter(): Promise<void> {
    this.#requests = 0;
    this.#changed = false;
    this.#isFresh = true;
    const before = this.#entering;
    this.#entering = (async () => {
      await before.catch(() => {});
      await updateMarker(this.#target, this.#told, this.#signal);
    })();
    await this.#entering;
  }

  /** What an entry says. A mark that says nothing of documents need not be changed before the schema is. */
  get #told(): string {
    if (this.#now.size > 0) this.#entered = true;
    return printProgress(this.#now);
  }
}

const PHASES: ReadonlySet<unknown> = new Set(["schema", "documents", "closing"]);

function printProgress(progress: ReadonlyMap<string, DatabaseProgress>): string {
  return JSON.stringify([...progress]);
}

/** What cannot be read says nothing: then everything is looked at again. */
export function parseProgress(text: string): ReadonlyMap<string, DatabaseProgress> {
  const found = new Map<string, DatabaseProgress>();
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return found;
  }
  for (const entry of Array.isArray(entries) ? entries : []) {
    const [path, progress] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof path === "string" && isProgress(progress)) found.set(path, progress);
  }
  return found;
}

/** How far a database is. */
export function progressOf(
  progress: ReadonlyMap<string, DatabaseProgress>,
  path: readonly string[],
): DatabaseProgress {
  return progress.get(keyOf(path)) ?? NOTHING_DONE;
}

function isProgress(value: unknown): value is DatabaseProgress {
  if (typeof value !== "object" || value === null) return false;
  const { phase, written, again, proved } = value as Record<string, unknown>;
  return (
    PHASES.has(phase) &&
    isCount(written) &&
    isCount(proved) &&
    Array.isArray(again) &&
    again.every(isCount)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}
