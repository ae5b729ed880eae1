import { withoutDeadline } from "../limits/budget.ts";

/** What a transaction has changed so far, as steps that take it back. */
export class Journal {
  readonly #steps: (() => void)[] = [];
  readonly #afterCommit: (() => void)[] = [];

  /** Remembers how to take back a change that was just made. */
  record(undo: () => void): void {
    this.#steps.push(undo);
  }

  /** Runs `work` once the transaction is kept. */
  afterCommit(work: () => void): void {
    this.#afterCommit.push(work);
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** How much has been recorded: a mark for {@link undoTo}. */
  get mark(): number {
    return this.#steps.length;
  }

  /** Takes back everything after `mark`, latest first. */
  undoTo(mark: number): void {
    withoutDeadline(() => {
      while (this.#steps.length > mark) this.#steps.pop()?.();
    });
  }

  /** Keeps everything; what was to come after the commit comes, however late it is. */
  commit(): void {
    this.#steps.length = 0;
    const due = this.#afterCommit.splice(0);
    withoutDeadline(() => {
      for (const work of due) work();
    });
  }

  /** Takes everything back. */
  rollback(): void {
    this.#afterCommit.length = 0;
    this.undoTo(0);
  }
}
