/** Calling user functions, of either language. */
import { type Data, DocRef, type ObjectData, StoredLambda } from "../data/value.ts";
import { NATIVE } from "../data/ids.ts";

import {
  fail,
  invalidArgument,
  notFound,
  permissionDenied,
  aborted,
  undefinedRef,
  V4Error,
  V4Failure,
} from "./failure.ts";
import type { Frame } from "./frame.ts";
import { applyLambda } from "./lambda.ts";
import { definitionResource, mayUse } from "./permission.ts";
import type { Position } from "./position.ts";
import { databaseOf, resolveName } from "./resolve.ts";
import { isArray, type Literal, UnresolvedRef, type AnyRef, bare } from "./value.ts";
import { toData } from "./write/store.ts";

/** What the function `callee` gives for `argument`: one value, or an array of several. */
export function callFunction(
  frame: Frame,
  callee: string | AnyRef,
  argument: Literal,
  position: Position,
): Literal {
  const place = position.at("call");
  const ref = typeof callee === "string" ? resolveName(frame.session, "function", callee) : callee;
  if (ref instanceof UnresolvedRef) fail(undefinedRef("function", ref.name, place));
  const database = databaseOf(frame.session, ref);
  const definition = frame.session.in(database).get(bare(ref));
  if (definition === undefined) fail(notFound("Function", place));
  const { fields } = definition;
  const subject = () => ({ args: toData(frame.session, argument) });
  const resource = definitionResource(frame.session, database, "function", bare(ref));
  if (!mayUse(frame, "call", database, resource, subject)) fail(permissionDenied(position));
  const body = fields.get("body");
  const inner = withRole(frame, fields);
  if (body instanceof StoredLambda) return callLambda(inner, body, argument, position);
  const name = frame.session.in(database).definitions.nameOf(bare(ref)) ?? "";
  return callV10(inner, name, typeof body === "string" ? body : "", argument, position);
}

/** A function with a role runs with its rights and no others. */
function withRole(frame: Frame, fields: ObjectData): Frame {
  const role = fields.get("role");
  if (role === undefined || role === null) return frame;
  const name = typeof role === "string" ? role : roleName(frame, role);
  return name === undefined ? frame : frame.as(frame.auth.as(name));
}

function roleName(frame: Frame, role: Data): string | undefined {
  if (!(role instanceof DocRef) || role.collection !== NATIVE.Role) return undefined;
  return frame.session.transaction.definitions.nameOf(role);
}

function callLambda(
  frame: Frame,
  body: StoredLambda,
  argument: Literal,
  position: Position,
): Literal {
  try {
    return applyLambda(frame, body, argument, position);
  } catch (error) {
    if (!(error instanceof V4Failure)) throw error;
    // An endless recursion is told once, not wrapped by each of its calls.
    if (error.errors.some(({ code }) => code === "stack overflow")) throw error;
    fail(
      new V4Error("call error", "Calling the function resulted in an error.", position, {
        cause: error.errors,
      }),
    );
  }
}

function callV10(
  frame: Frame,
  name: string,
  source: string,
  argument: Literal,
  position: Position,
): Literal {
  const { session, auth, at, depth } = frame;
  const args = isArray(argument) ? argument : [argument];
  const result = session.neighbours.callV10(
    { transaction: session.transaction, auth, at, depth },
    name,
    source,
    args.map((value) => toData(session, value)),
  );
  switch (result.kind) {
    case "value":
      return result.value;
    case "foreign":
      return fail(
        invalidArgument(
          `v10 value has type ${result.type}, which cannot be represented in v4.`,
          position,
        ),
      );
    case "error":
      return fail(aborted(result.message, position));
  }
}
