/** What was found in one collection: exact counts, and some of the ids, the lowest ones. */
import { compareIds, type DocumentRecord } from "../values/record.ts";
import { changedFields, type FieldChange } from "./changed-fields.ts";
import type { DocumentDifference } from "./difference.ts";

/** Ids listed for one collection and kind of difference; there may be more, which are counted. */
export const IDS_LISTED_MAX = 100;
/** Fields listed of one document; there may be more, which are counted. */
const FIELDS_LISTED_MAX = 50;

export interface ChangedDocument {
  readonly id: string;
  /** In which it differs, at most 50 of them. */
  readonly fields: readonly FieldChange[];
  /** In how many fields it differs. */
  readonly count: number;
}

export interface ComparisonOfCollection {
  readonly name: string;
  /** Documents of either side. */
  readonly left: number;
  readonly right: number;
  /** Whether nothing differs but what Fauna makes impossible to keep. */
  readonly equal: boolean;
  readonly counts: Readonly<Record<DocumentDifference, number>>;
  /** Some of the ids concerned, ascending, at most {@link IDS_LISTED_MAX} of a kind. */
  readonly ids: Readonly<Record<DocumentDifference, readonly string[]>>;
  /** What differs in the `different` ones of the ids. */
  readonly changed: readonly ChangedDocument[];
}

export class Comparison {
  readonly #name: string;
  readonly #ignoreTs: boolean;
  readonly #ids: Record<DocumentDifference, LowestIds> = {
    different: new LowestIds(),
    missing: new LowestIds(),
    extra: new LowestIds(),
    expired: new LowestIds(),
    newTs: new LowestIds(),
  };
  readonly #changed = new Map<string, ChangedDocument>();
  #left = 0;
  #right = 0;

  constructor(name: string, { ignoreTs }: { readonly ignoreTs: boolean }) {
    this.#name = name;
    this.#ignoreTs = ignoreTs;
  }

  /** Counts documents of either side. */
  count(left: number, right: number): void {
    this.#left += left;
    this.#right += right;
  }

  /** Notes a document of one side, or of both. */
  found(
    kind: DocumentDifference,
    left: DocumentRecord | undefined,
    right: DocumentRecord | undefined,
  ): void {
    const { id } = (left ?? right)!;
    const dropped = this.foundId(kind, id);
    if (kind !== "different" || left === undefined || right === undefined) return;
    if (!this.#ids.different.has(id)) return;
    for (const each of dropped) this.#changed.delete(each);
    const fields = changedFields(left, right, { ignoreTs: this.#ignoreTs });
    const some = fields.slice(0, FIELDS_LISTED_MAX);
    this.#changed.set(id, { id, fields: some, count: fields.length });
  }

  /** @returns ids that are listed no more, because there are enough lower ones. */
  foundId(kind: DocumentDifference, id: string): readonly string[] {
    return this.#ids[kind].add(own(id));
  }

  result(): ComparisonOfCollection {
    const lists = Object.entries(this.#ids) as [DocumentDifference, LowestIds][];
    const of = <T>(what: (ids: LowestIds) => T) =>
      Object.fromEntries(lists.map(([kind, ids]) => [kind, what(ids)])) as Record<
        DocumentDifference,
        T
      >;
    const counts = of(({ count }) => count);
    const ids = of(({ lowest }) => lowest);
    return {
      name: this.#name,
      left: this.#left,
      right: this.#right,
      equal: counts.different + counts.missing + counts.extra === 0,
      counts,
      ids,
      changed: ids.different.map((id) => this.#changed.get(id)!),
    };
  }
}

/** Counts ids and keeps the lowest of them, in whatever order they come. */
class LowestIds {
  count = 0;
  readonly #kept: string[] = [];

  has(id: string): boolean {
    return this.#kept.includes(id);
  }

  /** @returns those that have to go. */
  add(id: string): readonly string[] {
    this.count++;
    const last = this.#kept.at(-1);
    const isFull = this.#kept.length === IDS_LISTED_MAX;
    if (isFull && compareIds(last!, id) < 0) return [];
    const at = this.#kept.findIndex((each) => compareIds(each, id) > 0);
    this.#kept.splice(at < 0 ? this.#kept.length : at, 0, id);
    return this.#kept.splice(IDS_LISTED_MAX);
  }

  get lowest(): readonly string[] {
    return [...this.#kept];
  }
}

/** Ids are slices of an answer's text; one that is kept for long must not keep megabytes alive. */
function own(id: string): string {
  return String(BigInt(id));
}
