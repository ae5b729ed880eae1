/** Histories: of a document, of a set of documents, of an index, and what feeds tell (facts §4). */
import type { CollectionStore, Versions } from "./collection-store.ts";
import type { IndexStore } from "./index-store.ts";
import { compareRefs } from "./order.ts";
import type { TimeRange } from "./shape.ts";
import { DocRef, type Data } from "./value.ts";
import type { Change, HistoryEvent, SetEvent, Version } from "./version.ts";
import { countExpired } from "./window.ts";

/** The events of one document that lie in a window from `minimum` on, the state at its start included. */
export function historyOf(versions: Versions, minimum: bigint, range: TimeRange): HistoryEvent[] {
  const kept = versions.slice(countExpired(versions, minimum));
  const events = kept.map((version, i): HistoryEvent => {
    const before = live(kept[i - 1]);
    const action = version.isDeleted ? "delete" : before === undefined ? "create" : "update";
    return { ts: version.ts, action, version, before };
  });
  return events.filter((event) => isWithin(event.ts, range));
}

/** Documents that came into or went out of a collection, by time, then by id. */
export function documentEvents(
  store: CollectionStore,
  minimum: bigint,
  now: bigint,
  range: TimeRange,
): SetEvent[] {
  const events: SetEvent[] = [];
  for (const { ts, id } of store.entries(later(range.from, minimum), range.to ?? now)) {
    const step = stepAt(store.versions(id), ts);
    if (step === undefined || (step.before === undefined) === (step.after === undefined)) continue;
    const action = step.after === undefined ? "remove" : "add";
    events.push({ ts, action, ref: new DocRef(store.id, id), values: [] });
  }
  return events;
}

/** Rows that came into or went out of an index under `terms`: by time, document, and removals first. */
export function indexEvents(
  index: IndexStore,
  terms: readonly Data[],
  minimum: bigint,
  range: TimeRange,
): SetEvent[] {
  const events: SetEvent[] = [];
  for (const { ref, values, lifespan } of index.rows(terms, {})) {
    for (const [i, ts] of lifespan.entries()) {
      if (ts < minimum || !isWithin(ts, range)) continue;
      events.push({ ts, action: i % 2 === 0 ? "add" : "remove", ref, values });
    }
  }
  return events.toSorted(compareEvents);
}

/** Changes by transaction time, then by id; each document once a transaction. */
export function* changesOf(
  store: CollectionStore,
  minimum: bigint,
  now: bigint,
  range: TimeRange,
): Generator<Change, void> {
  for (const { ts, id, isHistorical } of store.entries(
    later(range.from, minimum),
    range.to ?? now,
  )) {
    if (isHistorical) continue;
    const step = stepAt(store.versions(id), ts);
    if (step === undefined || (step.before === undefined && step.after === undefined)) continue;
    yield { ts, ref: new DocRef(store.id, id), ...step };
  }
}

/** What held before and from `ts` on; undefined if no version begins then. */
function stepAt(
  versions: Versions | undefined,
  ts: bigint,
): { before: Version | undefined; after: Version | undefined } | undefined {
  const i = versions?.findLastIndex((version) => version.ts === ts) ?? -1;
  return i < 0 ? undefined : { before: live(versions?.[i - 1]), after: live(versions?.[i]) };
}

function live(version: Version | undefined): Version | undefined {
  return version === undefined || version.isDeleted ? undefined : version;
}

function isWithin(ts: bigint, { from, to }: TimeRange): boolean {
  return (from === undefined || ts >= from) && (to === undefined || ts <= to);
}

function later(from: bigint | undefined, minimum: bigint): bigint {
  return from === undefined || from < minimum ? minimum : from;
}

function compareEvents(a: SetEvent, b: SetEvent): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return compareRefs(a.ref, b.ref) || Number(a.action === "add") - Number(b.action === "add");
}
