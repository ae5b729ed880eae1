/** Defaults of fields: expressions that are evaluated when a collection is defined, and for each document without the field. */
import type { Transaction } from "../data/transaction.ts";
import type { Data, ObjectData } from "../data/value.ts";
import { QueryFailure } from "../fql10/failure.ts";
import type { Path, Violation } from "./failure.ts";
import { ConstraintError } from "./failure.ts";
import { objectsOf, textOf } from "./fields.ts";
import { languageOf } from "./language.ts";
import { violation } from "./shape.ts";

/** The value of the default `source` of the field at `path`; a violation where evaluating it fails. */
function tryDefault(
  transaction: Transaction,
  path: Path,
  source: string,
  name: string,
): { readonly value: Data } | Violation {
  try {
    return { value: languageOf(transaction.database.cluster).evaluate(transaction, source, name) };
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error;
    return violation(path, `Default field evaluation failed.\n${error.summary}`);
  }
}

/** As {@link tryDefault}. @throws ConstraintError with `message` where it fails */
export function valueOfDefault(
  transaction: Transaction,
  path: Path,
  source: string,
  name: string,
  message: string,
): Data {
  const tried = tryDefault(transaction, path, source, name);
  if ("value" in tried) return tried.value;
  throw new ConstraintError(message, [tried]);
}

/** What is wrong with the defaults of a collection's definition. */
export function defaultViolations(transaction: Transaction, fields: ObjectData): Violation[] {
  return objectsOf(fields, "fields").flatMap(([name, field]) => {
    const source = textOf(field, "default");
    if (source === undefined) return [];
    const tried = tryDefault(transaction, [name], source, `*field:${name}*`);
    return "value" in tried ? [] : [tried];
  });
}
