/**
 * Work that many want done on the same thing at about the same time, such as syncing a folder. Whoever asks while it is
 * being done shares the next time with all others who do, for what is under way may have begun too early for them.
 */
export class Grouped {
  readonly #work: (key: string) => Promise<void>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  /** @param work is never under way twice for one key. */
  constructor(work: (key: string) => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when the work has been done, begun after this call. @throws what the work throws. */
  run(key: string): Promise<void> {
    const next = this.#next.get(key);
    if (next !== undefined) return next;
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key);
    const following = running
      .catch(() => {})
      .then(() => {
        this.#next.delete(key);
        return this.#start(key);
      });
    this.#next.set(key, following);
    return following;
  }

  #start(key: string): Promise<void> {
    const done = this.#work(key).finally(() => {
      if (this.#running.get(key) === done) this.#running.delete(key);
    });
    this.#running.set(key, done);
    return done;
  }
}
