/**
 * What a long-running operation tells its caller as it goes. Library code never prints: the
 * caller decides whether this becomes a bar, a line or nothing.
 */
export interface Progress {
  /** What is going on, as a word: `schema`, `documents`, `verify`… Phases follow one another. */
  readonly phase: string;
  /** What it concerns, such as a collection; events of one phase may interleave several. */
  readonly item?: string | undefined;
  /** How much is done, in `unit`s; never falls within one phase and item. */
  readonly done: number;
  /** How much there is in all, once that is known. */
  readonly total?: number | undefined;
  /** The total is what is known of by now; there may be more. */
  readonly totalGrows?: boolean | undefined;
  readonly unit: "documents" | "records" | "definitions" | "files" | "bytes" | "steps";
  /** Bytes moved so far for this item, where that means something. */
  readonly bytes?: number | undefined;
}

/** Called synchronously and often; must return quickly and must not throw. */
export type OnProgress = (progress: Progress) => void;

/** Tells of what goes on in a database below the topmost one: each item says which. */
export function progressBelow(path: readonly string[], onProgress: OnProgress): OnProgress {
  if (path.length === 0) return onProgress;
  const where = path.join("/");
  return (progress) =>
    onProgress({
      ...progress,
      item: progress.item === undefined ? where : `${where}: ${progress.item}`,
    });
}
