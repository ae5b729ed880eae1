export interface EachConcurrentOptions {
  /** How many calls may be under way at once; asked before each, so that it may change. */
  readonly concurrency: () => number;
}

/**
 * Calls `fn` for every item of a source, several calls at once, and is done when all of them are. Unlike
 * `mapConcurrent` it keeps no order: one slow call holds up no other. One item is read ahead of its turn.
 *
 * When a call fails no further one is made; those under way are awaited, the source is closed, and the first failure
 * is thrown. A source that waits for the outside must heed a signal, or closing waits for its next item.
 */
export async function eachConcurrent<T>(
  source: AsyncGenerator<T, unknown, undefined>,
  fn: (item: T) => Promise<void>,
  { concurrency }: EachConcurrentOptions,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const start = (item: T): void => {
    const call = fn(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => underWay.delete(call));
    underWay.add(call);
  };
  try {
    while (failures.length === 0) {
      const item = await source.next();
      if (item.done === true) break;
      while (underWay.size >= Math.max(1, concurrency())) await Promise.race(underWay);
      if (failures.length === 0) start(item.value);
    }
  } finally {
    await Promise.all(underWay);
    await source.return(undefined);
  }
  if (failures.length > 0) throw failures[0];
}
