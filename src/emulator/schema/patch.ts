/** Changes schema files so that they say what definitions say, leaving the rest of them as it was. */
import {
  appendItem,
  closingBrace,
  type FslMember,
  printItem,
  printMember,
  printName,
  printSignature,
  type Span,
  splice,
} from "../../fsl/fsl.ts";
import type { Difference, ItemChange, Located } from "./diff.ts";
import type { SourceFile } from "./files.ts";

/** One edit of a text; edits are made from the end of the file to its beginning. */
interface Edit {
  readonly at: number;
  readonly apply: (text: string) => string;
}

/** `files` with all of `differences` made; new items go to the end of `main`. */
export function patchFiles(
  files: readonly SourceFile[],
  differences: readonly Difference[],
  main: string,
): SourceFile[] {
  const texts = new Map(files.map(({ filename, content }) => [filename, content]));
  const edits = new Map<string, Edit[]>();
  const note = (filename: string, list: readonly Edit[]) =>
    edits.set(filename, [...(edits.get(filename) ?? []), ...list]);
  for (const difference of differences) {
    if (difference.kind === "remove") {
      const { filename, item } = difference.before;
      note(filename, [{ at: item.span.end, apply: (text) => splice(text, item.span, "") }]);
    } else if (difference.kind === "modify") {
      const { before, after, changes } = difference;
      const brace = closingBrace(texts.get(before.filename) ?? "", before.item);
      note(
        before.filename,
        changes.flatMap((change) => editsOf(change, before, after, brace)),
      );
    }
  }
  for (const [filename, list] of edits) {
    const ordered = list.toSorted((a, b) => b.at - a.at);
    texts.set(
      filename,
      ordered.reduce((text, edit) => edit.apply(text), texts.get(filename) ?? ""),
    );
  }
  for (const difference of differences) {
    if (difference.kind === "add")
      texts.set(main, appendItem(texts.get(main) ?? "", printItem(difference.after.canonical)));
  }
  return [...texts].map(([filename, content]) => ({ filename, content }));
}

function replace(span: Span, replacement: string): Edit[] {
  return [{ at: span.end, apply: (text) => splice(text, span, replacement) }];
}

function editsOf(change: ItemChange, before: Located, after: Located, brace: number): Edit[] {
  const { item } = before;
  const fresh = after.canonical;
  switch (change.kind) {
    case "rename":
      return replace(item.name.span, printName(after.item.name.text));
    case "annotation": {
      if (change.after === undefined)
        return change.before === undefined ? [] : replace(change.before.span, "");
      const printed = `@${change.after.keyword}(${printName(change.after.value.text)})`;
      if (change.before !== undefined) return replace(change.before.span, printed);
      const start = item.doc?.end ?? item.span.start;
      return [{ at: start, apply: (text) => insertAbove(text, start, printed) }];
    }
    case "signature":
      return item.kind === "function" && fresh.kind === "function"
        ? replace(item.signatureSpan, printSignature(fresh))
        : [];
    case "body":
      return item.kind === "function" && fresh.kind === "function"
        ? replace(item.body.span, fresh.body.text)
        : [];
    case "member":
      return memberEdits(brace, change.before, change.to);
  }
}

function memberEdits(
  brace: number,
  before: FslMember | undefined,
  after: FslMember | undefined,
): Edit[] {
  if (before !== undefined) {
    const { span } = before;
    return [
      {
        at: span.end,
        apply: (text) => {
          if (after === undefined) return splice(text, span, "");
          // Printed for its place: the splice must not indent it once more.
          const semicolon = text[span.end - 1] === ";" ? ";" : "";
          return (
            text.slice(0, span.start) +
            printMember(after, 1).trim() +
            semicolon +
            text.slice(span.end)
          );
        },
      },
    ];
  }
  if (after === undefined) return [];
  return [
    { at: brace + 1, apply: (text) => insertMember(text, brace, printMember(after, 1).trimEnd()) },
  ];
}

/** A line of its own right before `at`; white space that was there goes, as on the server. */
function insertAbove(text: string, at: number, printed: string): string {
  const prefix = text.slice(0, at).trimEnd();
  return `${prefix === "" ? "" : `${prefix}\n`}${printed}\n${text.slice(at)}`;
}

/** As the server does it: several new members come out in reverse, each right before what stood at the brace. */
function insertMember(text: string, brace: number, printed: string): string {
  const prefix = text.slice(0, brace).trimEnd();
  const suffix = text.slice(brace);
  return `${prefix}\n${printed}${/^[\t ]*\n/.test(suffix) ? "" : "\n"}${suffix}`;
}
