/** Sources and sinks for tests of stages. */

/** The items, as a generator. */
export async function* each<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** A source of 0 … count-1 that knows how many were read of it and whether it was closed. */
export class Counting {
  read = 0;
  closed = false;
  readonly items: AsyncGenerator<number, void, undefined>;

  constructor(count: number) {
    this.items = this.#run(count);
  }

  async *#run(count: number): AsyncGenerator<number, void, undefined> {
    try {
      for (let n = 0; n < count; n++) {
        this.read++;
        yield n;
      }
    } finally {
      this.closed = true;
    }
  }
}

export const counting = (count: number): Counting => new Counting(count);
