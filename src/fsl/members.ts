/** What the readers of all kinds of items share: blocks, predicates, names, duplicates. */
import type { Expression, Name } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { takeExpression, takeGroup } from "./expression.ts";
import type { FslProblem } from "./problem.ts";
import type { Span } from "./span.ts";

/** The state of one run over a file: where it stands and what it found wrong so far. */
export interface Reader {
  readonly cursor: Cursor;
  readonly problems: FslProblem[];
}

/** Notes a problem and reads on. */
export function complain(reader: Reader, message: string, span: Span, original?: Span): void {
  reader.problems.push(
    original === undefined
      ? { message, span }
      : { message, span, hints: [{ message: "Originally defined here", span: original }] },
  );
}

/** Reads `{ … }` member by member; `take` gets the place where a member begins. */
export function takeBlock(reader: Reader, take: (start: number) => void): Span {
  const { cursor } = reader;
  const start = cursor.at;
  cursor.expect("{");
  let separated = true;
  for (;;) {
    const before = cursor.at;
    cursor.separators();
    separated ||= /[;\r\n]|\/\//.test(cursor.text.slice(before, cursor.at));
    if (cursor.startsWith("}")) break;
    if (!separated || cursor.done) throw cursor.failure("Expected `}`");
    take(cursor.at);
    separated = cursor.text[cursor.at - 1] === ";";
  }
  cursor.at++;
  return { start, end: cursor.at };
}

/** The span of a member that began at `start`: a semicolon behind it belongs to it. */
export function memberSpan(reader: Reader, start: number): Span {
  const { cursor } = reader;
  const end = cursor.at;
  cursor.blanks();
  if (cursor.next === ";") {
    while (cursor.next === ";") cursor.at++;
    return { start, end: cursor.at };
  }
  cursor.at = end;
  return { start, end };
}

/** Takes the name that must come after the keyword at `keyword`. */
export function requireName(reader: Reader, keyword: Span): Name {
  const name = reader.cursor.name();
  if (name === undefined) throw reader.cursor.failure("Missing required name", keyword);
  reader.cursor.blanks();
  return name;
}

/** Takes `(lambda)` and gives the lambda; FSL wants the parentheses. */
export function takeParenthesised(reader: Reader, what: string): Expression {
  const { cursor } = reader;
  const whole = takeExpression(cursor);
  const grouped =
    whole.text.startsWith("(") &&
    takeGroup(new Cursor(cursor.text, whole.span.start)).span.end === whole.span.end;
  if (!grouped) throw cursor.failure(what, whole.span);
  const inner = whole.text.slice(1, -1);
  const lead = inner.length - inner.trimStart().length;
  const text = inner.trim();
  const start = whole.span.start + 1 + lead;
  return { text, span: { start, end: start + text.length } };
}

/** Takes `{ predicate (lambda) }` if a block is here. */
export function takePredicate(reader: Reader): Expression | undefined {
  const { cursor } = reader;
  if (!cursor.startsWith("{")) return undefined;
  let predicate: Expression | undefined;
  let count = 0;
  const span = takeBlock(reader, (start) => {
    const word = cursor.word();
    if (word?.text !== "predicate")
      throw cursor.failure("Expecting a predicate", word?.span ?? { start, end: start + 1 });
    cursor.lines();
    predicate = takeParenthesised(reader, "Expected lambda predicate");
    memberSpan(reader, start);
    count++;
  });
  if (count !== 1) complain(reader, "Expected a single predicate member", span);
  return predicate;
}

/** Names that may stand once only within what they are listed in. */
export class Seen {
  private readonly reader: Reader;
  private readonly what: string;
  private readonly spans = new Map<string, Span>();

  constructor(reader: Reader, what: string) {
    this.reader = reader;
    this.what = what;
  }

  has(name: string): boolean {
    return this.spans.has(name);
  }

  /** Notes `name`, and a problem if it was there before. */
  add(name: Name): void {
    const original = this.spans.get(name.text);
    if (original === undefined) this.spans.set(name.text, name.span);
    else complain(this.reader, `Duplicate ${this.what} \`${name.text}\``, name.span, original);
  }

  /** As {@link Seen.add} for a member that has no name. */
  once(span: Span): void {
    const original = this.spans.get("");
    if (original === undefined) this.spans.set("", span);
    else complain(this.reader, `Duplicate ${this.what}`, span, original);
  }
}
