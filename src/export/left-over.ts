/** What of a collection is still to be done, going by what an earlier run has left. */
import type { PartJournal } from "../archive/archive.ts";
import { type IdRange, LAST_ID } from "../fauna/fauna.ts";
import type { Account, Bounds } from "./reading.ts";

export interface LeftOver {
  readonly account: Account;
  /** Documents whose passwords were left out. */
  readonly credentials: number;
  /** To be read: what is missing of ranges that were listed. */
  readonly ranges: readonly IdRange[];
  /** To be listed, and then read. */
  readonly unlisted: readonly Bounds[];
}

/** Ids, both ends included. */
interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

/** What an entry says is done. */
interface Done extends Span {
  readonly entry: PartJournal;
}

/**
 * What the earlier run has not done. All that it did is told by intervals of ids; ranges that were split lie inside of
 * what they were at first, which somebody else may have noted.
 */
export function leftOver(collection: string, parts: readonly PartJournal[]): LeftOver {
  const listed = outermost(parts);
  const done = parts
    .map((each) => ({ ...span(each.part.done), entry: each }))
    .toSorted((a, b) => sign(a.from - b.from));
  const count = (of: (part: PartJournal) => number | undefined) =>
    parts.reduce((sum, part) => sum + (of(part) ?? 0), 0);
  return {
    account: {
      listed: listed.reduce((sum, { documents }) => sum + documents, 0),
      read: count(({ segment }) => segment?.records),
      expired: count(({ part }) => part.counted["expired"]),
      lost: count(({ part }) => part.counted["lost"]),
    },
    credentials: count(({ part }) => part.counted["credentials"]),
    ranges: listed.flatMap((range) => missingOf(collection, range, done)),
    unlisted: without({ from: 0n, to: BigInt(LAST_ID) }, listed.map(span)).map(bounds),
  };
}

type Range = PartJournal["part"]["range"];

/** The ranges that lie in no other. */
function outermost(parts: readonly PartJournal[]): Range[] {
  const ranges = parts
    .map(({ part }) => part.range)
    .toSorted((a, b) => sign(BigInt(a.from) - BigInt(b.from)) || sign(BigInt(b.to) - BigInt(a.to)));
  const found: Range[] = [];
  let end = -1n;
  for (const range of ranges) {
    if (BigInt(range.to) <= end) continue;
    end = BigInt(range.to);
    found.push(range);
  }
  return found;
}

function missingOf(collection: string, range: Range, done: readonly Done[]): IdRange[] {
  const whole = span(range);
  const here = done.filter(({ from, to }) => from >= whole.from && to <= whole.to);
  // Not with those that had expired: one that lies behind a segment's last record is counted again with the next.
  const read = here.reduce((sum, { entry: { segment } }) => sum + (segment?.records ?? 0), 0);
  const documents = range.documents - read;
  if (documents <= 0) return [];
  const missing = without(whole, here);
  // How many are where is not known; nor does it matter but for the order of work.
  const each = Math.ceil(documents / missing.length);
  return missing.map((gap) => ({ collection, ...bounds(gap), documents: each, cuts: [] }));
}

/** What is left of a span without others, which are ascending and disjoint. */
function without(whole: Span, others: readonly Span[]): Span[] {
  const left: Span[] = [];
  let from = whole.from;
  for (const other of others) {
    if (other.from > from) left.push({ from, to: other.from - 1n });
    from = other.to + 1n;
  }
  if (from <= whole.to) left.push({ from, to: whole.to });
  return left;
}

function span({ from, to }: { readonly from: string; readonly to: string }): Span {
  return { from: BigInt(from), to: BigInt(to) };
}

function bounds({ from, to }: Span): { readonly from: string; readonly to: string } {
  return { from: String(from), to: String(to) };
}

function sign(difference: bigint): number {
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
