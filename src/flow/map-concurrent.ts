export interface MapConcurrentOptions {
  /** How many items are read and mapped ahead of the consumer, at most. */
  readonly concurrency: number;
}

/**
 * Maps items with several calls under way at once and yields the results in the order of the items.
 *
 * A further item is read only when the consumer takes a result, so at most `concurrency` results
 * exist at any time. However the generator ends (its source ends, a call fails, the consumer leaves),
 * the calls under way are awaited and the source is closed, so nothing runs on afterwards.
 *
 * The source is a list, or a real generator, which queues overlapping `next()` calls. One that waits for
 * the outside must heed a signal, or closing waits for its next item.
 */
export async function* mapConcurrent<In, Out>(
  source: readonly In[] | AsyncGenerator<In, unknown, undefined>,
  fn: (item: In) => Promise<Out>,
  { concurrency }: MapConcurrentOptions,
): AsyncGenerator<Out, void, undefined> {
  if (!(concurrency >= 1))
    throw new RangeError(`concurrency is ${concurrency}, must be at least 1`);
  const items = "next" in source ? source : each(source);
  const underWay: Promise<Mapped<Out>>[] = [];
  let stopped = false;

  const readAndMap = async (): Promise<Mapped<Out>> => {
    const item = await items.next();
    if (item.done || stopped) return { done: true };
    return { done: false, value: await fn(item.value) };
  };
  try {
    for (;;) {
      while (underWay.length < concurrency) {
        const call = readAndMap();
        // It is looked at in its turn; until then its failure is nobody's unhandled rejection.
        call.catch(() => {});
        underWay.push(call);
      }
      const result = await underWay.shift()!;
      if (result.done) return;
      yield result.value;
    }
  } finally {
    stopped = true;
    await Promise.allSettled(underWay);
    await items.return(undefined);
  }
}

type Mapped<Out> = { readonly done: true } | { readonly done: false; readonly value: Out };

async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}
