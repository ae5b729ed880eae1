/**
 * Edits a schema file by splicing: what is not edited stays byte for byte as it was. Every function
 * takes a file that {@link parseFsl} read and gives the new text; read it again before the next edit.
 * The white space around an edit is what the server leaves when it patches files itself
 * (conformance `fsl/comments-and-layout`, `fsl/items`).
 */
import type { Annotation, FslFile, FslItem, FslMember } from "./ast.ts";
import { printMember } from "./print.ts";
import { printName } from "./names.ts";
import type { Span } from "./span.ts";

/** `text` with `span` replaced; taking something out also takes the white space that held it apart. */
export function splice(text: string, span: Span, replacement: string): string {
  const before = text.slice(0, span.start);
  const after = text.slice(span.end);
  if (replacement !== "") return before + reindent(before, replacement) + after;
  return /^[\t ]*\n/.test(after) ? before.trimEnd() + after : before + after.trimStart();
}

/** Lines after the first get the indentation of the line they are put into. */
function reindent(before: string, replacement: string): string {
  const indentation = /(?:^|\n)([\t ]*)$/.exec(before)?.[1] ?? "";
  return replacement.replace(/\n(?=[\t ]*\S)/g, `\n${indentation}`);
}

/** Takes `item` out, its comments and annotations with it. */
export function removeItem(file: FslFile, item: FslItem): string {
  return splice(file.text, item.span, "");
}

/** Puts an item, as text, behind all others. */
export function appendItem(text: string, item: string): string {
  if (text.trim() === "") return item;
  const lastLine = text.slice(Math.max(text.lastIndexOf("\n"), 0));
  return `${text}\n${lastLine.trim() === "" ? "" : "\n"}${item}`;
}

/** Takes `member` out. */
export function removeMember(file: FslFile, member: { readonly span: Span }): string {
  return splice(file.text, member.span, "");
}

/** Puts `replacement` where `member` stands. */
export function replaceMember(
  file: FslFile,
  member: { readonly span: Span },
  replacement: FslMember,
): string {
  return splice(file.text, member.span, printMember(replacement).trimEnd());
}

/** Puts `member` behind the other members of `item`. A function has none. */
export function addMember(
  file: FslFile,
  item: Exclude<FslItem, { kind: "function" }>,
  member: FslMember,
): string {
  return insertMember(file.text, closingBrace(file.text, item), printMember(member, 1), 1);
}

/**
 * Puts `printed`, which is indented by `level` times two spaces, before the closing brace at
 * `brace`. The brace gets a line of its own if it has none.
 */
function insertMember(text: string, brace: number, printed: string, level: number): string {
  const prefix = text.slice(0, brace).trimEnd();
  return `${prefix}\n${printed.trimEnd()}\n${"  ".repeat(level - 1)}${text.slice(brace)}`;
}

/** Where the block of `item` closes. */
export function closingBrace(text: string, item: { readonly span: Span }): number {
  return text.lastIndexOf("}", item.span.end - 1);
}

/** Takes an annotation out; does nothing if the item has none of this keyword. */
export function removeAnnotation(
  file: FslFile,
  item: FslItem,
  keyword: Annotation["keyword"],
): string {
  const annotation = item.annotations.find((candidate) => candidate.keyword === keyword);
  return annotation === undefined ? file.text : splice(file.text, annotation.span, "");
}

/** Gives an annotation this value, and puts it above the item if it is not there. */
export function setAnnotation(
  file: FslFile,
  item: FslItem,
  keyword: Annotation["keyword"],
  value: string,
): string {
  const printed = `@${keyword}(${printName(value)})`;
  const annotation = item.annotations.find((candidate) => candidate.keyword === keyword);
  if (annotation !== undefined) return splice(file.text, annotation.span, printed);
  const start = item.doc?.end ?? item.span.start;
  return `${file.text.slice(0, start)}${printed}\n${file.text.slice(start)}`;
}

/**
 * The most days that Fauna counts with, some 292 years. A schema file that it writes says no more of a collection that
 * has more (live 46).
 */
export const MOST_DAYS = 106_751n;

/** The first `history_days` or `ttl_days` of a file for which `wanted` has another number, put in; undefined without any. */
export function editDays(
  file: FslFile,
  wanted: (collection: string, member: "history_days" | "ttl_days", days: bigint) => bigint,
): string | undefined {
  for (const item of file.items) {
    if (item.kind !== "collection") continue;
    for (const member of item.members) {
      if (member.kind !== "history_days" && member.kind !== "ttl_days") continue;
      const days = wanted(item.name.text, member.kind, member.days);
      if (days !== member.days) return replaceMember(file, member, { ...member, days });
    }
  }
  return undefined;
}
