/** How evaluation fails, where more than one place can. */
import { MAX_ARRAY } from "../../limits/budget.ts";
import { typeName } from "../modules/type-name.ts";
import type { Span } from "../source.ts";
import type { Doc, NullCause, Value } from "../values.ts";
import type { Context } from "./context.ts";

/** Strings may not grow beyond this many UTF-16 units. */
export const MAX_STRING = 16 * 1024 * 1024;

/** The failure of a value that outgrows a limit. */
export const tooLarge = (context: Context, reason: string, span?: Span) =>
  context.failure(
    "value_too_large",
    `Value too large: ${reason}.`,
    span === undefined ? {} : { span },
  );

/** Counts an array of so many elements. @throws QueryFailure `value_too_large` where it has too many */
export function checkSize(context: Context, elements: number): void {
  if (elements > MAX_ARRAY)
    throw tooLarge(context, `array size ${elements} exceeds limit ${MAX_ARRAY}`);
  context.query.make(elements);
}

/** The failure of a value of the wrong type, other than an argument. */
export const wrongType = (context: Context, expected: string, actual: Value, span?: Span) =>
  context.failure(
    "type_mismatch",
    `expected type: ${expected}, received ${typeName(actual)}`,
    span === undefined ? {} : { span },
  );

/** The failure of using what is null. */
export function nullFailure(context: Context, cause: NullCause, span: Span) {
  const away = !(cause.span.source === span.source && overlapping(span, cause.span));
  const hints = away ? [{ message: "Null value created here", span: cause.span }] : [];
  switch (cause.kind) {
    case "not found":
    case "deleted":
      return context.failure("document_not_found", notFoundMessage(cause.doc, cause.collection), {
        span,
        hints,
      });
    case "collection deleted":
      return context.failure(
        "document_not_found",
        `Document with id ${cause.doc.id} does not exist because the collection was deleted.`,
        { span, hints },
      );
    default:
      return context.failure("null_value", nullReason(cause), { span, hints });
  }
}

/** Says that a document is not there. */
export const notFoundMessage = (doc: Doc, collection: string): string =>
  doc.name === undefined
    ? `Collection \`${collection}\` does not contain document with id ${doc.id}.`
    : `${collection} \`${doc.name}\` not found.`;

const overlapping = (a: Span, b: Span) =>
  (b.start >= a.start && b.start <= a.end) || (b.end >= a.start && b.end <= a.end);

function nullReason(cause: NullCause): string {
  switch (cause.kind) {
    case "number":
      return "Null value, due to invalid number";
    case "field":
      return `Null value, due to missing field \`${cause.name}\``;
    case "element":
      return `Null value, due to ${cause.reason}`;
    case "denied":
      return "Null value, due to permission denied";
    default:
      return "Null literal value";
  }
}

/** The failure of an action that the caller may not do. */
export const denied = (
  context: Context,
  message = "Insufficient privileges to perform the action.",
) => context.failure("permission_denied", message);
