/**
 * A condition that is looked at in the same transaction as a query: where it does not hold, the query does nothing.
 * Transactions of Fauna are serializable, so that nothing comes between the look and the write.
 */
import type { Query } from "fauna";
import type { Expr } from "faunadb";
import { ArkError } from "../errors/errors.ts";
import { faunaCode } from "./refusal.ts";

export interface Fence {
  /** A v4 expression that aborts with `word` when the condition does not hold. */
  readonly v4: string;
  /** A v10 statement that does the same. */
  readonly v10: string;
  readonly word: string;
  /** What is thrown then. */
  readonly failed: (place: string, cause: ArkError) => ArkError;
}

/** A v4 expression behind the fence, as text or bytes like what was given; its result is that of the expression. */
export function fencedV4(
  { v4 }: Fence,
  query: string | Uint8Array | Expr,
): string | Uint8Array<ArrayBuffer> {
  const head = `{"do":[${v4},`;
  if (typeof query === "string") return `${head}${query}]}`;
  if (!(query instanceof Uint8Array)) return `${head}${JSON.stringify(query)}]}`;
  return Buffer.concat([Buffer.from(head), query, Buffer.from("]}")]);
}

/** A v10 query behind the fence. */
export function fencedV10({ v10 }: Fence, query: string | Query): string | Query {
  if (typeof query === "string") return `${v10}\n${query}`;
  const { fql } = query.encode() as { readonly fql: readonly unknown[] };
  return { encode: () => ({ fql: [`${v10}\n`, ...fql] }) } as unknown as Query;
}

/** The error of a query that did nothing because the condition does not hold; any other one as it is. */
export function fenceError(fence: Fence, error: unknown, place: string): unknown {
  if (!(error instanceof ArkError)) return error;
  const said =
    faunaCode(error) === "transaction aborted"
      ? error.details?.["description"]
      : faunaCode(error) === "abort"
        ? error.details?.["abort"]
        : undefined;
  return said === fence.word ? fence.failed(place, error) : error;
}
