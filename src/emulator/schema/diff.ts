/** What differs between two schemas: items added, removed and changed, and their members. */
import {
  type Annotation,
  type FslItem,
  type FslMember,
  printItem,
  printMember,
  printSignature,
} from "../../fsl/fsl.ts";
import type { Transaction } from "../data/transaction.ts";
import { displayPath } from "./documents.ts";
import { fieldsOfItem, kindOfItem } from "./to-fields.ts";
import { itemOf } from "./to-item.ts";

/** An item, where it stands, and how it reads once all its layout is Fauna's own. */
export interface Located {
  readonly filename: string;
  readonly item: FslItem;
  readonly canonical: FslItem;
}

/** A change inside an item. `before` and `after` are members as written; what they say is compared in Fauna's own layout. */
export type ItemChange =
  | { readonly kind: "rename" }
  | {
      readonly kind: "annotation";
      readonly before: Annotation | undefined;
      readonly after: Annotation | undefined;
    }
  | {
      readonly kind: "member";
      readonly before: FslMember | undefined;
      readonly after: FslMember | undefined;
      /** The members in Fauna's own layout. */
      readonly from: FslMember | undefined;
      readonly to: FslMember | undefined;
    }
  | { readonly kind: "signature" | "body" };

type MemberChange = Extract<ItemChange, { kind: "member" }>;

export type Difference =
  | { readonly kind: "add"; readonly after: Located }
  | { readonly kind: "remove"; readonly before: Located }
  | {
      readonly kind: "modify";
      readonly before: Located;
      readonly after: Located;
      readonly changes: readonly ItemChange[];
    };

/** Canonical forms by what items say: files are read again after every change, their items seldom differ. */
const canonicals = new Map<string, FslItem>();
const MAX_CANONICALS = 20_000;

/** `item`, which stands in a file of this content, with its canonical form. @throws QueryFailure for an expression that is not FQL. */
export function locate(
  transaction: Transaction,
  filename: string,
  content: string,
  item: FslItem,
): Located {
  const text = content.slice(item.span.start, item.span.end);
  const known = canonicals.get(text);
  if (known !== undefined) return { filename, item, canonical: known };
  const canonical =
    itemOf(transaction, kindOfItem(item.kind), fieldsOfItem(item, undefined)) ?? item;
  // An alias that a function got for want of a free name holds only for now.
  if (canonical.annotations.length === item.annotations.length) {
    if (canonicals.size >= MAX_CANONICALS) canonicals.clear();
    canonicals.set(text, canonical);
  }
  return { filename, item, canonical };
}

const idOf = (item: FslItem) => `${item.kind} ${item.name.text}`;

/**
 * The differences between two sets of items: what was added in the order of `after`, what was
 * removed, what was changed. `renamed` tells the old name of an item whose name changed.
 */
export function diffItems(
  before: readonly Located[],
  after: readonly Located[],
  renamed: ReadonlyMap<string, string> = new Map(),
): Difference[] {
  const old = new Map(before.map((located) => [idOf(located.item), located]));
  const fresh = new Map(
    after.map((located) => [renamed.get(idOf(located.item)) ?? idOf(located.item), located]),
  );
  const added = [...fresh]
    .filter(([id]) => !old.has(id))
    .map(([, one]): Difference => ({ kind: "add", after: one }));
  const removed = [...old]
    .filter(([id]) => !fresh.has(id))
    .map(([, one]): Difference => ({ kind: "remove", before: one }));
  const modified = [...old].flatMap(([id, one]): Difference[] => {
    const other = fresh.get(id);
    const changes = other === undefined ? [] : diffItem(one, other);
    return other === undefined || changes.length === 0
      ? []
      : [{ kind: "modify", before: one, after: other, changes }];
  });
  return [...added, ...removed, ...modified];
}

const printed = new WeakMap<FslItem, string>();

function print(item: FslItem): string {
  const known = printed.get(item) ?? printItem(item);
  printed.set(item, known);
  return known;
}

function diffItem(before: Located, after: Located): ItemChange[] {
  if (print(before.canonical) === print(after.canonical)) return [];
  const changes: ItemChange[] = [];
  if (before.item.name.text !== after.item.name.text) changes.push({ kind: "rename" });
  changes.push(...diffAnnotations(before, after));
  const old = before.canonical;
  const fresh = after.canonical;
  if (old.kind === "function" && fresh.kind === "function") {
    if (printSignature(old) !== printSignature(fresh)) changes.push({ kind: "signature" });
    if (old.body.text !== fresh.body.text) changes.push({ kind: "body" });
    return changes;
  }
  return [...changes, ...diffMembers(before, after)];
}

function diffAnnotations(before: Located, after: Located): ItemChange[] {
  return (["alias", "role"] as const).flatMap((keyword): ItemChange[] => {
    const find = ({ item }: Located) =>
      item.annotations.find((annotation) => annotation.keyword === keyword);
    const old =
      find(before) ??
      before.canonical.annotations.find((annotation) => annotation.keyword === keyword);
    const fresh = after.canonical.annotations.find((annotation) => annotation.keyword === keyword);
    return old?.value.text === fresh?.value.text
      ? []
      : [{ kind: "annotation", before: find(before), after: fresh }];
  });
}

/** What makes a member the same member in both versions of an item. */
function memberId(member: FslMember): string {
  switch (member.kind) {
    case "field":
    case "compute":
    case "index":
    case "check":
      return `${member.kind} ${member.name.text}`;
    case "privileges":
    case "membership":
      return `${member.kind} ${member.resource.text}`;
    case "role":
      return `role ${member.role.text}`;
    case "unique":
      return `unique ${member.terms.map(({ path, mva }) => `${mva ? "mva" : ""}${displayPath(path.text)}`).join(",")}`;
    default:
      return member.kind;
  }
}

function membersOfItem(item: FslItem): readonly FslMember[] {
  return item.kind === "function" ? [] : item.members;
}

interface Pair {
  readonly written: FslMember | undefined;
  readonly canonical: FslMember;
}

function writtenMembers({ item }: Located): Map<string, FslMember> {
  return new Map(membersOfItem(item).map((member) => [memberId(member), member]));
}

function pairs(located: Located): Map<string, Pair> {
  const written = writtenMembers(located);
  return new Map(
    membersOfItem(located.canonical).map((member) => [
      memberId(member),
      { written: written.get(memberId(member)), canonical: member },
    ]),
  );
}

function memberChange(from: Pair | undefined, to: Pair | undefined): MemberChange {
  return {
    kind: "member",
    before: from?.written,
    after: to?.written ?? to?.canonical,
    from: from?.canonical,
    to: to?.canonical,
  };
}

function diffMembers(before: Located, after: Located): ItemChange[] {
  const old = pairs(before);
  const fresh = pairs(after);
  // A setting that says what goes without saying is written all the same, and is what changes.
  const written = writtenMembers(before);
  const added = [...fresh]
    .filter(([id]) => !old.has(id))
    .map(([id, pair]) => ({ ...memberChange(undefined, pair), before: written.get(id) }));
  const removed = [...old]
    .filter(([id]) => !fresh.has(id))
    .map(([, pair]) => memberChange(pair, undefined));
  const modified = [...old].flatMap(([id, pair]) => {
    const other = fresh.get(id);
    const same =
      other === undefined || printMember(pair.canonical) === printMember(other.canonical);
    return same ? [] : [memberChange(pair, other)];
  });
  // History is a setting that is always there: to write it down is a change, and comes with the changes.
  return [
    ...added.filter((one) => !isHistory(one)),
    ...removed,
    ...added.filter(isHistory),
    ...modified,
  ];
}

function isHistory({ to }: MemberChange): boolean {
  return to?.kind === "history_days";
}
