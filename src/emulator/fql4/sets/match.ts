/** Match: finding an index and its entries. */
import type { Database } from "../../data/database.ts";
import type { Data, DocRef } from "../../data/value.ts";
import { fail, notFound, V4Error } from "../failure.ts";
import type { Position } from "../position.ts";
import type { Session } from "../session.ts";
import { IndexSet } from "./index.ts";
import type { Shape } from "./set.ts";

/** The entries of an index that is there and ready. Fails at `position` otherwise. */
export function matchIndex(
  session: Session,
  database: Database,
  index: DocRef,
  terms: readonly Data[],
  position: Position,
): IndexSet {
  const transaction = session.in(database);
  const fields = transaction.get(index)?.fields;
  const shape = indexShapeOf(session, database, index);
  if (fields === undefined || shape === undefined) fail(notFound("Index", position));
  if (fields.get("active") !== true) {
    const name = transaction.definitions.nameOf(index) ?? "";
    fail(new V4Error("instance not found", `Index '${name}' is not active.`, position));
  }
  return new IndexSet(database, index, terms, shape);
}

/** The order of an index's entries. */
export function indexShapeOf(
  session: Session,
  database: Database,
  index: DocRef,
): Shape | undefined {
  const shape = session.in(database).indexShape(index.id);
  if (shape === undefined) return undefined;
  return {
    values: shape.values.length,
    reversed: shape.values.map((value) => value.reverse === true),
  };
}
