/** Where in a query something stands: a path from the root, built downwards while parsing. */

export class Position {
  readonly parent: Position | undefined;
  readonly step: string | number;

  constructor(parent: Position | undefined, step: string | number) {
    this.parent = parent;
    this.step = step;
  }

  /** The place one step further down. */
  at(step: string | number): Position {
    return new Position(this, step);
  }

  /** The steps from the root, as errors show them. */
  toPath(): (string | number)[] {
    return this.parent === undefined ? [] : [...this.parent.toPath(), this.step];
  }
}

/** The whole query. */
export const ROOT = new Position(undefined, "");
