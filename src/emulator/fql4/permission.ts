/** What the caller of a query may do, asked in the terms of references. */
import type { Action, Resource, Subject } from "../auth/auth.ts";
import type { Database } from "../data/database.ts";
import { isUserCollection, NATIVE, nativeName } from "../data/ids.ts";
import { DocRef } from "../data/value.ts";
import { fail, permissionDenied } from "./failure.ts";
import type { Frame } from "./frame.ts";
import type { Position } from "./position.ts";
import type { Session } from "./session.ts";

/** The collection of a document, as roles name it. */
export function resourceOf(session: Session, database: Database, collection: number): Resource {
  const native = nativeName(collection);
  if (native !== undefined) return { kind: "native", name: native };
  const ref = new DocRef(NATIVE.Collection, BigInt(collection));
  const name = session.in(database).definitions.nameOf(ref) ?? "";
  return { kind: "collection", name };
}

/** An index or function, as roles name it. */
export function definitionResource(
  session: Session,
  database: Database,
  kind: "index" | "function",
  ref: DocRef,
): Resource {
  return { kind, name: session.in(database).definitions.nameOf(ref) ?? "" };
}

/** Whether the caller may do `action` to what `resource` names in `database`. */
export function mayUse(
  frame: Frame,
  action: Action,
  database: Database,
  resource: Resource,
  subject?: () => Subject,
): boolean {
  return reaches(frame, database) && frame.auth.may(action, resource, subject);
}

/** Whether the rights of the caller count in `database` at all. */
export function reaches({ auth, session }: Frame, database: Database): boolean {
  return database === session.database || !auth.endsWithDatabase;
}

/** Whether the caller may do `action` to a document. */
export function may(
  frame: Frame,
  action: Action,
  database: Database,
  ref: DocRef,
  subject: () => Subject = () => ({ ref }),
): boolean {
  // The roles that nearly every query comes with ask nothing of user collections.
  const role = frame.auth.builtinRole;
  if (role === "admin" && action !== "unrestricted_read") return true;
  if (role === "server" && isUserCollection(ref.collection)) return action !== "unrestricted_read";
  return mayUse(
    frame,
    action,
    database,
    resourceOf(frame.session, database, ref.collection),
    subject,
  );
}

/** Fails unless the caller may do `action` to a document. */
export function require(
  frame: Frame,
  action: Action,
  ref: DocRef,
  position: Position,
  subject: () => Subject = () => ({ ref }),
): void {
  if (!may(frame, action, frame.session.database, ref, subject)) fail(permissionDenied(position));
}
