/**
 * Yields the items of several sources as they come.
 *
 * Fair: every source has one item asked for, items are handed on in the order in which they arrived,
 * and a source is asked again only after its item was taken, so a fast one cannot starve the others.
 * The order within a source is kept. When one source fails, or the consumer leaves, all sources are
 * closed and awaited before the merge ends; a failure in closing does not hide the first one.
 */
export async function* merge<T>(
  sources: readonly AsyncGenerator<T, unknown, undefined>[],
): AsyncGenerator<T, void, undefined> {
  const arrived: Arrival<T>[] = [];
  let wake: (() => void) | undefined;
  const arrive = (arrival: Arrival<T>) => {
    arrived.push(arrival);
    wake?.();
  };
  const ask = (source: AsyncGenerator<T, unknown, undefined>) => {
    source.next().then(
      (result) => arrive({ source, result }),
      (error: unknown) => arrive({ source, error }),
    );
  };
  let open = sources.length;
  try {
    for (const source of sources) ask(source);
    while (open > 0) {
      const next = arrived.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      } else if (next.result === undefined) {
        throw next.error;
      } else if (next.result.done) {
        open--;
      } else {
        yield next.result.value;
        ask(next.source);
      }
    }
  } finally {
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}

interface Arrival<T> {
  readonly source: AsyncGenerator<T, unknown, undefined>;
  readonly result?: IteratorResult<T, unknown>;
  readonly error?: unknown;
}
