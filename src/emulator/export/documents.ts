/** Documents as Fauna's own export writes them: one line of JSON each. */
import { Auth } from "../auth/auth.ts";
import { type PredicateTester, TransactionAuthSource } from "../auth/roles.ts";
import type { Cluster } from "../data/cluster.ts";
import type { Database } from "../data/database.ts";
import { type CollectionId, NATIVE } from "../data/ids.ts";
import { storedFields } from "../fql10/documents/read.ts";
import { Context } from "../fql10/interpreter/context.ts";
import { Query } from "../fql10/query.ts";
import { renderSimple, renderTagged } from "../fql10/render/json.ts";
import { materialiseFields } from "../fql10/render/materialise.ts";
import { Doc } from "../fql10/values.ts";

export interface Slice {
  readonly lines: readonly string[];
  /** The first id of the next slice; undefined after the last. */
  readonly next: bigint | undefined;
}

export interface SliceRequest {
  readonly collection: CollectionId;
  /** The first id. */
  readonly from: bigint;
  /** The time to read at, µs. */
  readonly at: bigint;
  readonly format: "tagged" | "simple";
  /** How many documents at most. */
  readonly limit: number;
}

/**
 * Reads some documents in a transaction of its own, with every right. Computed fields are left out;
 * credentials show their hash, which they do nowhere else (facts §9.2).
 *
 * @throws DataError stale_read if `at` is before the history window
 */
export function readSlice(
  cluster: Cluster,
  database: Database,
  { collection, from, at, format, limit }: SliceRequest,
  tester: PredicateTester,
): Slice {
  const transaction = cluster.begin(database);
  try {
    const source = new TransactionAuthSource(transaction, tester);
    const auth = Auth.builtin("admin", { kind: "root" }, source);
    const context = Context.top(new Query(transaction), auth).withUserTime(at);
    const print = format === "tagged" ? renderTagged : renderSimple;
    const lines: string[] = [];
    for (const { ref, version } of transaction.documents(collection, { at, from })) {
      if (lines.length === limit) return { lines, next: ref.id };
      const doc = new Doc(ref.collection, ref.id, { version });
      const fields = new Map(storedFields(context, doc));
      const hash = version.fields.get("hashed_password");
      if (collection === NATIVE.Credential && typeof hash === "string")
        fields.set("hashed_password", hash);
      lines.push(print(materialiseFields(context, fields), transaction.now));
    }
    return { lines, next: undefined };
  } finally {
    transaction.rollback();
  }
}
