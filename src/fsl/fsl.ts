/** Fauna's schema language: read a file, print items, edit a file without touching the rest of it. */
import type { FslFile, FslItem, FslKind } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { readFsl } from "./parser.ts";
import { problemError } from "./problem.ts";

export * from "./ast.ts";
export {
  annotations,
  buildCollection,
  buildStep,
  expression,
  named,
  NO_SPAN,
} from "./build-item.ts";
export {
  addMember,
  appendItem,
  closingBrace,
  editDays,
  MOST_DAYS,
  removeAnnotation,
  removeItem,
  removeMember,
  replaceMember,
  setAnnotation,
  splice,
} from "./edit.ts";
export { type DefinitionText, type RebuiltSchema, rebuildSchema } from "./from-definitions.ts";
export { isGlobalName } from "./global-names.ts";
export { isIdentifier, isKeyword, printName, printString, SPECIAL_FIELD_NAMES } from "./names.ts";
export { readFsl } from "./parser.ts";
export { printFsl, printItem, printMember, printSignature, printTerms } from "./print.ts";
export { drawAll, type FslProblem, FslSyntaxError, renderProblem } from "./problem.ts";
export { lineColumn, type Span, spanText } from "./span.ts";
export { parseType } from "./typeParser.ts";
export { type ObjectTypeField, printType, type TypeExpr } from "./types.ts";

/**
 * Reads a schema file. What is wrong with it is an `ArkError` `ERR_SCHEMA` whose place is
 * `filename:line:column`.
 */
export function parseFsl(text: string, filename: string): FslFile {
  const { items, problems } = readFsl(text);
  if (problems.length > 0) throw problemError(problems, filename, text);
  return { filename, text, items };
}

/** Applies `edit`, which makes one change at a time, until there is nothing left for it to change. @throws as {@link parseFsl}. */
export function editAll(
  content: string,
  filename: string,
  edit: (file: FslFile) => string | undefined,
): string {
  let text = content;
  for (;;) {
    const next = edit(parseFsl(text, filename));
    if (next === undefined) return text;
    text = next;
  }
}

/** The value of a string literal of FQL or FSL. @throws FslSyntaxError if `text` does not begin with one. */
export function readString(text: string): string {
  const cursor = new Cursor(text);
  const read = cursor.string();
  if (read === undefined) throw cursor.failure("Expected string literal");
  return read.value;
}

/** The item of this kind and name, if the file has it. */
export function findItem<K extends FslKind>(
  file: FslFile,
  kind: K,
  name: string,
): Extract<FslItem, { kind: K }> | undefined {
  return file.items.find(
    (item): item is Extract<FslItem, { kind: K }> => item.kind === kind && item.name.text === name,
  );
}
