/** MoveDatabase: a child database, with all that is in it, under another parent. */

import { fail, permissionDenied, V4Error } from "../failure.ts";
import type { Call } from "../form.ts";
import { may } from "../permission.ts";
import { visibleFields } from "../read.ts";
import { databaseBehind, databaseOf } from "../resolve.ts";
import { DocumentValue, type Literal, type AnyRef, bare } from "../value.ts";

/** Moves the database `from` below the database `to`. */
export function moveDatabase(from: AnyRef, to: AnyRef, { frame, position }: Call): Literal {
  const { session } = frame;
  const moving = databaseBehind(session, from);
  const target = databaseBehind(session, to);
  if (moving === undefined || target === undefined) {
    const complaint = "Ref refers to undefined database";
    return fail(new V4Error("invalid ref", complaint, position));
  }
  for (let above = target as typeof target | undefined; above; above = above.parent) {
    if (above !== moving) continue;
    const reason = "Cannot move database from ancestor to descendant.";
    const complaint = `Cannot move database '${moving.name}' into parent '${target.name}': ${reason}`;
    fail(new V4Error("move database error", complaint, position));
  }
  const home = databaseOf(session, from);
  if (!may(frame, "delete", home, bare(from))) fail(permissionDenied(position));
  const ref = session.in(home).moveDatabase(bare(from), target);
  const version = session.in(target).get(ref);
  if (version === undefined) throw new Error("A database that was moved is not there.");
  return new DocumentValue(target, ref, version, visibleFields(target, ref, version.fields), true);
}
