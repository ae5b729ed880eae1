/** Lazy sets: what they share. Each kind of set is a class of its own beside this file. */
import type { Context } from "../interpreter/context.ts";
import type { Value } from "../values.ts";

/** Members of a page where nobody says how many. */
export const DEFAULT_PAGE_SIZE = 16;

/** The most that a page or an array made of a set may have. */
export const MAX_ELEMENTS = 16_000;

/** Where in a set an element stands, as plain data: iteration can start there again, even after a restart. */
export type Position =
  | null
  | boolean
  | string
  | number
  | bigint
  | PositionValue
  | readonly Position[];

/** A value inside a position: a covered value of an index. */
export interface PositionValue {
  readonly value: Value;
}

export interface Element {
  readonly value: Value;
  /** Where iteration has to start to meet this element first. */
  readonly position: () => Position;
}

/** The time of an `at()` around the making of a set, µs; undefined if there was none. */
export class Pinned {
  readonly micros: bigint | undefined;

  constructor(micros: bigint | undefined) {
    this.micros = micros;
  }
}

/** An element whose value is made when somebody asks: the first one after a page is only pointed at. */
export class LazyElement implements Element {
  readonly position: () => Position;
  readonly #make: () => Value;
  #value: Value | undefined;

  constructor(make: () => Value, position: () => Position) {
    this.#make = make;
    this.position = position;
  }

  get value(): Value {
    return (this.#value ??= this.#make());
  }
}

/** What cursors are made of: an argument of the set's constructor. */
export type RecipePart = Value | Pinned;

export abstract class ValueSet {
  /** How many members the first page has. */
  get pageSize(): number {
    return DEFAULT_PAGE_SIZE;
  }

  /** The members, from `from` on, which is included. */
  abstract iterate(context: Context, from?: Position): Iterable<Element>;

  /** The same members from the end. */
  abstract reversed(): ValueSet;

  /** What it takes to make this set again: a name and values. */
  abstract recipe(): readonly [kind: string, ...parts: readonly RecipePart[]];

  /** Why its changes cannot be followed; undefined if they can. Derived sets ask the set they come from. */
  streamRefusal(): string | undefined {
    return "streaming is not supported on this set.";
  }
}

/** The effects that functions given to lazy sets may have. */
export const SET_LIMIT = { most: "read", reason: "set functions" } as const;
