export interface BatchLimits<T> {
  /** Most items in one batch. */
  readonly countMax: number;
  /** Most bytes in one batch, as {@link sizeOf} counts them. Without it only the count limits. */
  readonly bytesMax?: number;
  /** The bytes of one item. */
  readonly sizeOf?: (item: T) => number;
}

/**
 * Groups items, in order, into batches that stay within every limit.
 *
 * A batch is never empty: an item that alone is over `bytesMax` travels in a batch of its own. An
 * item is held back until its batch is full or the source ends, so a batch is yielded before the
 * item that would have burst it.
 */
export async function* batch<T>(
  source: AsyncIterable<T>,
  { countMax, bytesMax = Infinity, sizeOf = () => 0 }: BatchLimits<T>,
): AsyncGenerator<T[], void, undefined> {
  if (!(countMax >= 1)) throw new RangeError(`countMax is ${countMax}, must be at least 1`);
  let items: T[] = [];
  let bytes = 0;
  for await (const item of source) {
    const size = sizeOf(item);
    if (items.length > 0 && bytes + size > bytesMax) {
      yield items;
      items = [];
      bytes = 0;
    }
    items.push(item);
    bytes += size;
    if (items.length >= countMax || bytes >= bytesMax) {
      yield items;
      items = [];
      bytes = 0;
    }
  }
  if (items.length > 0) yield items;
}
