/** How many documents a collection has, and where to look at some of them: by listing all refs, or by a few looks. */
import { type Connection, ids } from "../fauna/fauna.ts";
import { type Estimate, exactly, sumOf } from "./estimate.ts";
import { refsFrom } from "./plan-pages.ts";

export interface Counted {
  readonly documents: Estimate;
  /** Ids that divide the documents into parts of about equal size, ascending; each begins one. */
  readonly starts: readonly string[];
}

export interface CountOptions {
  readonly collection: string;
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/** Refs in one page of a listing. */
export const LISTED_AT_ONCE = 20_000;

/** Starts that are remembered while it is not known how many documents follow. */
const STARTS_MAX = 64;

/** Counts exactly, by listing every ref: a twentieth of the cost of reading the documents. */
export async function countByListing(
  connection: Connection,
  options: CountOptions,
): Promise<Counted> {
  let starts: string[] = [];
  let stride = 1;
  let documents = 0;
  for await (const page of ids(connection, { ...options, pageSize: LISTED_AT_ONCE })) {
    for (const id of page) {
      if (documents++ % stride !== 0) continue;
      // A slice would keep the whole answer.
      starts.push(String(BigInt(id)));
      if (starts.length < STARTS_MAX) continue;
      starts = starts.filter((_, index) => index % 2 === 0);
      stride *= 2;
    }
  }
  return { documents: exactly(documents), starts };
}

/** Refs in one look. */
const LOOK = 1_000;
/** Looks at one collection, at most. */
const LOOKS_MAX = 32;

/** Ids between two that were looked at, of which nothing is known but how densely they lie at both ends. */
interface Gap {
  readonly from: bigint;
  readonly to: bigint;
  /** Documents an id, just before it and just behind it. */
  readonly before: number;
  readonly behind: number;
}

/** Ids that were looked at, and how many documents they are. */
interface Seen {
  readonly from: bigint;
  readonly to: bigint;
  readonly documents: number;
}

/**
 * Counts by at most {@link LOOKS_MAX} looks at a thousand refs each: where most documents must lie unseen, it looks
 * next. Exact for collections that a few looks see whole; otherwise the interval says how little is known.
 */
export async function countByLooks(
  connection: Connection,
  options: CountOptions,
): Promise<Counted> {
  const first = await refsFrom(connection, options, { from: "0", size: LOOK });
  if (first.isLast) {
    return { documents: exactly(first.ids.length), starts: first.ids.slice() };
  }
  const back = await refsFrom(connection, options, { size: LOOK, reverse: true });
  const head = seenIn(first.ids);
  const tail = back.ids.filter((id) => BigInt(id) > head.to).toReversed();
  const seen: Seen[] = [head, ...(tail.length === 0 ? [] : [seenIn(tail)])];
  let gaps: Gap[] = [];
  const addGap = (gap: Gap): void => {
    if (gap.to >= gap.from) gaps.push(gap);
  };
  if (tail.length === back.ids.length) {
    const [, end] = seen;
    const ends = { before: density(head), behind: density(end!) };
    addGap({ from: head.to + 1n, to: end!.from - 1n, ...ends });
  }
  for (let looks = 2; looks < LOOKS_MAX && gaps.length > 0; looks++) {
    const gap = gaps.toSorted((one, other) => unseen(other).high - unseen(one).high)[0]!;
    gaps = gaps.filter((other) => other !== gap);
    const middle = splitOf(gap);
    const from = String(middle);
    const page = await refsFrom(connection, options, { from, size: LOOK });
    const found = page.ids.filter((id) => BigInt(id) <= gap.to);
    if (found.length === 0) {
      addGap({ ...gap, to: middle - 1n, behind: 0 });
      continue;
    }
    const look = seenIn(found);
    seen.push(look);
    const here = density(look);
    // From the middle to the first that was found there is nothing.
    const upTo = Math.min(here, 1 / Math.max(1, Number(look.from - middle)));
    addGap({ from: gap.from, to: middle - 1n, before: gap.before, behind: upTo });
    if (found.length === page.ids.length && !page.isLast)
      addGap({ from: look.to + 1n, to: gap.to, before: here, behind: gap.behind });
  }
  const known = seen.reduce((sum, { documents }) => sum + documents, 0);
  const { expected, low, high } = sumOf(gaps.map(unseen));
  const documents = {
    expected: known + expected,
    low: Math.max(known, known + low),
    high: known + high,
  };
  return { documents, starts: startsIn(seen, gaps) };
}

/** Documents an id: between so many lie one fewer steps. */
function density({ from, to, documents }: Seen): number {
  return (documents - 1) / Math.max(1, Number(to - from));
}

function seenIn(found: readonly string[]): Seen {
  return { from: BigInt(found[0]!), to: BigInt(found.at(-1)!), documents: found.length };
}

/** What lies between two looks may be a little more or less dense than at both of them. */
const UNEVEN = 0.1;

/** As many as lie there if the density goes evenly from one end's to the other's; at least and at most, if it is one end's. */
function unseen({ from, to, before, behind }: Gap): Estimate {
  const length = Number(to - from) + 1;
  // No two documents have one id.
  const documents = (dense: number): number => Math.min(1, dense) * length;
  const low = documents(Math.min(before, behind));
  const high = documents(Math.max(before, behind));
  const expected = Math.sqrt(Math.max(low, high / 1e6) * high);
  return { expected, low: low * (1 - UNEVEN), high: high * (1 + UNEVEN) };
}

/** In the middle; where one end is far denser than the other, near that end, for dense ids end soon. */
function splitOf({ from, to, before, behind }: Gap): bigint {
  const length = Number(to - from);
  const step = before > 100 * behind || behind > 100 * before ? Math.sqrt(length) : length / 2;
  return behind > 100 * before ? to - BigInt(Math.floor(step)) : from + BigInt(Math.ceil(step));
}

/** Ids at equal steps through all documents, seen or not. */
function startsIn(seen: readonly Seen[], gaps: readonly Gap[]): string[] {
  const parts = [
    ...seen,
    ...gaps.map((gap) => ({ from: gap.from, to: gap.to, documents: unseen(gap).expected })),
  ].toSorted((a, b) => (a.from < b.from ? -1 : 1));
  const step = parts.reduce((sum, { documents }) => sum + documents, 0) / (STARTS_MAX / 2);
  const starts: string[] = [];
  let behind = 0;
  for (const { from, to, documents } of parts) {
    for (; starts.length * step < behind + documents;) {
      const share = (starts.length * step - behind) / documents;
      starts.push(String(from + BigInt(Math.floor(share * Number(to - from)))));
    }
    behind += documents;
  }
  return starts;
}
