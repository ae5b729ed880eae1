/**
 * What becomes of a document of the source that the target may have already. Decided by what a reader of the target
 * will see afterwards: below a newer version or a newer deletion nobody would see what is written (live 40).
 *
 * A decision depends on nothing but the policy and the two sides, and what it writes makes both sides the same or
 * leaves the conflict as it is: so a repetition writes nothing, and that is how an import of this kind is proven.
 */
import type { DocumentRecord } from "../../values/record.ts";
import { Time } from "../../values/time.ts";
import { kindOf } from "../write.ts";

/**
 * What to do about documents that are there with another content, or were deleted since:
 * `fail` writes nothing at all, `skip` leaves the target's, `replace` takes the source's, `newer` whichever has the
 * greater `ts`, a deletion counting like any other version.
 */
export type ConflictPolicy = "fail" | "skip" | "replace" | "newer";

export const CONFLICT_POLICIES: readonly ConflictPolicy[] = ["fail", "skip", "replace", "newer"];

/** What the target holds under a document's id. */
export interface Counterpart {
  /** The document as it is now; undefined when there is none. */
  readonly record: DocumentRecord | undefined;
  /** Of an id without a document, the time of its newest version, mostly a deletion; undefined when there is none. */
  readonly goneAt: bigint | undefined;
}

export type Decision =
  /** The target has the same; `otherTs` when but for its `ts`, which cannot be set back. */
  | { readonly do: "nothing"; readonly otherTs: boolean }
  /** The target keeps what it has, or its deletion. */
  | { readonly do: "keep" }
  | { readonly do: "fail" }
  /**
   * The document is written: as one that was not there, or in the place of another. `asOfNow` when its own `ts` would
   * hide it below a newer version.
   */
  | { readonly do: "write"; readonly as: "new" | "replacement"; readonly asOfNow: boolean };

export function decide(
  policy: ConflictPolicy,
  source: DocumentRecord,
  { record: there, goneAt }: Counterpart,
): Decision {
  if (there === undefined) {
    if (goneAt === undefined || goneAt < source.ts) {
      return { do: "write", as: "new", asOfNow: false };
    }
    return policy === "replace"
      ? { do: "write", as: "new", asOfNow: true }
      : { do: policy === "fail" ? "fail" : "keep" };
  }
  const isNewer = source.ts > there.ts;
  if (sameContent(source, there)) {
    if (source.ts === there.ts) return { do: "nothing", otherTs: false };
    // Nulls inside arrays never keep their ts, so that there is none to bring.
    const canBring = isNewer && kindOf(source) !== "nulls";
    return canBring && (policy === "replace" || policy === "newer")
      ? { do: "write", as: "replacement", asOfNow: false }
      : { do: "nothing", otherTs: true };
  }
  if (policy === "fail") return { do: "fail" };
  if (policy === "skip" || (policy === "newer" && !isNewer)) return { do: "keep" };
  return { do: "write", as: "replacement", asOfNow: !isNewer };
}

/** Data and ttl: what a reader sees. Other top-level members no Fauna of today takes. */
function sameContent(a: DocumentRecord, b: DocumentRecord): boolean {
  return (a.dataText ?? "{}") === (b.dataText ?? "{}") && sameTtl(a.ttl, b.ttl);
}

function sameTtl(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  return (
    a !== undefined && b !== undefined && Time.parse(a).epochNanos === Time.parse(b).epochNanos
  );
}
