/** The one ordered map of the store, and a walk over it that survives changes. */
import { createRequire } from "node:module";
import type sorted from "sorted-btree";

// Node, Vite and bundlers disagree about where a CommonJS module's default export is; require does not.
const { default: BTree } = createRequire(import.meta.url)("sorted-btree") as typeof sorted;

/** A B+ tree: keys in the order of its comparator, everything in logarithmic time. */
export type OrderedMap<K, V> = sorted.default<K, V>;

/** An empty map ordered by `compare`. */
export function orderedMap<K, V>(compare: (a: K, b: K) => number): OrderedMap<K, V> {
  return new BTree<K, V>(undefined, compare);
}

const FIRST_STRETCH = 16;
const LONGEST_STRETCH = 256;

export interface Walk<K> {
  /** Where to begin: at this key or the next in the walk's direction; at the end of the map if undefined. */
  readonly start: K | undefined;
  readonly reverse: boolean;
  /** Whether a key is still inside the range. */
  readonly within: (key: K) => boolean;
  readonly compare: (a: K, b: K) => number;
}

/**
 * The pairs of `map` in the range of `walk`, lazily and in stretches, so the map may change under
 * the walker: a pair that vanishes after its stretch was taken is still given.
 */
export function* walkMap<K, V>(
  map: OrderedMap<K, V>,
  { start, reverse, within, compare }: Walk<K>,
): Generator<readonly [K, V], void> {
  let from = start;
  let last: K | undefined;
  let size = FIRST_STRETCH;
  for (;;) {
    const stretch: [K, V][] = [];
    let ended = true;
    for (const pair of reverse ? map.entriesReversed(from) : map.entries(from)) {
      if (last !== undefined && compare(pair[0], last) === 0) continue;
      if (!within(pair[0])) break;
      if (stretch.length === size) {
        ended = false;
        break;
      }
      stretch.push(pair);
    }
    // Not `yield*`, which asks an iterator for each of very many pairs.
    for (const pair of stretch) yield pair;
    const final = stretch.at(-1);
    if (ended || final === undefined) return;
    from = last = final[0];
    size = Math.min(size * 4, LONGEST_STRETCH);
  }
}
