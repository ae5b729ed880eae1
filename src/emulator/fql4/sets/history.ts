/** Histories of sets that are made of others: what came into the whole, and went out of it, and when. */
import { compareRefs } from "../../data/order.ts";
import { compareEntries, type HistoryEntry } from "./set.ts";

type History = readonly HistoryEntry[];

/** All events, in order. One that several sets tell is one, with the sources of all. */
export function mergeHistories(histories: readonly History[]): HistoryEntry[] {
  const merged: HistoryEntry[] = [];
  for (const event of histories.flat().toSorted(compareEvents)) {
    const last = merged.at(-1);
    if (last && compareEvents(last, event) === 0) {
      merged[merged.length - 1] = { ...last, sources: [...last.sources, ...event.sources] };
    } else merged.push(event);
  }
  return merged;
}

/** When something began and ceased to be a member, which depends on the sets that it is in, by number. */
export function historyOfMembers(
  histories: readonly History[],
  isMember: (sets: ReadonlySet<number>) => boolean,
): HistoryEntry[] {
  const events = histories.flatMap((history, set) =>
    byMember(history)
      .flat()
      .map((event) => ({ ...event, set })),
  );
  const found = groups(events).flatMap((ofOne) => {
    const sets = new Set<number>();
    let wasMember = false;
    return ofOne.toSorted(compareTimes).flatMap(({ set, ...event }) => {
      if (event.action === "add") sets.add(set);
      else sets.delete(set);
      if (isMember(sets) === wasMember) return [];
      wasMember = !wasMember;
      return [{ ...event, action: wasMember ? ("add" as const) : ("remove" as const) }];
    });
  });
  return found.toSorted(compareEvents);
}

/** The events of `history` from while a member, whose own events are given, was there. */
export function historyDuring(ofMember: History, history: History): HistoryEntry[] {
  const own = new Set(ofMember);
  let isThere = false;
  return [...ofMember, ...history].toSorted(compareTimes).filter((event) => {
    if (own.has(event)) isThere = event.action === "add";
    return isThere && !own.has(event);
  });
}

/** The events of each member. Additions in a row are the first of them, removals in a row the last. */
export function byMember(history: History): HistoryEntry[][] {
  return groups(history).map((events) => {
    const turns = events.filter(({ action }, i) =>
      action === "add" ? events[i - 1]?.action !== "add" : events[i + 1]?.action !== "remove",
    );
    return turns[0]?.action === "add" ? turns : turns.slice(1);
  });
}

/** The events of each member, in their order. */
function groups<E extends HistoryEntry>(events: readonly E[]): E[][] {
  const all: E[][] = [];
  for (const event of events.toSorted(compareMembers)) {
    const last = all.at(-1);
    if (last && compareMembers(last[0]!, event) === 0) last.push(event);
    else all.push([event]);
  }
  return all;
}

function compareMembers(a: HistoryEntry, b: HistoryEntry): number {
  return compareEntries(memberOf(a), memberOf(b), []);
}

function memberOf({ ref, data }: HistoryEntry): Parameters<typeof compareEntries>[0] {
  return { ref, values: Array.isArray(data) ? data : [] };
}

/** Where members of several sets are told apart, what is added comes before what is removed at the same time. */
function compareTimes(a: HistoryEntry, b: HistoryEntry): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return Number(b.action === "add") - Number(a.action === "add");
}

/** Where events are shown, those of a document stand together, what is removed first. */
function compareEvents(a: HistoryEntry, b: HistoryEntry): number {
  if (a.ts !== b.ts) return a.ts < b.ts ? -1 : 1;
  return (
    compareRefs(a.ref, b.ref) ||
    Number(a.action === "add") - Number(b.action === "add") ||
    compareMembers(a, b)
  );
}
