/** Lambdas of FQL v10 as definitions hold them, taken apart as far as schema files ask, and not evaluated. */
import { Cursor } from "./cursor.ts";
import { takeExpression, takeGroup } from "./expression.ts";
import { FslSyntaxError } from "./problem.ts";

export interface LambdaText {
  readonly parameters: readonly string[];
  /** The name of `...rest`. */
  readonly rest: string | undefined;
  /** The body as a block, braces included. */
  readonly block: string;
}

/** The parameters and body of `(a, b) => …`, `a => …` or `(a, ...rest) => …`; undefined if it is none of them. */
export function lambdaOf(source: string): LambdaText | undefined {
  const text = inner(source);
  const cursor = new Cursor(text);
  cursor.lines();
  const parameters: string[] = [];
  let rest: string | undefined;
  if (cursor.take("(")) {
    cursor.lines();
    while (!cursor.startsWith(")")) {
      const variadic = cursor.take("...");
      const name = cursor.word()?.text;
      if (name === undefined) return undefined;
      if (variadic) rest = name;
      else parameters.push(name);
      cursor.lines();
      if (!cursor.take(",")) break;
      cursor.lines();
    }
    if (!cursor.take(")")) return undefined;
  } else {
    const name = cursor.word()?.text;
    if (name === undefined) return undefined;
    parameters.push(name);
  }
  cursor.blanks();
  if (!cursor.take("=>")) return undefined;
  cursor.lines();
  const body = text.slice(cursor.at).trim();
  return body === "" ? undefined : { parameters, rest, block: blockOf(body) };
}

/** The text of a lambda without parentheses around all of it, for places that have their own. */
function inner(source: string): string {
  const text = source.trim();
  const group = wholeGroup(text, "(");
  // The parentheses of `(a) => …` are its parameters', and do not end where it does.
  return group === undefined ? text : group.trim();
}

/** What a pair of brackets holds that begins and ends with the text. */
function wholeGroup(text: string, bracket: string): string | undefined {
  if (!text.startsWith(bracket)) return undefined;
  const cursor = new Cursor(text);
  try {
    takeGroup(cursor);
  } catch (error) {
    if (error instanceof FslSyntaxError) return undefined;
    throw error;
  }
  return cursor.at === text.length ? text.slice(1, -1) : undefined;
}

/** An expression as a block; one that is a block already stays as it is. */
function blockOf(body: string): string {
  const content = wholeGroup(body, "{");
  if (content !== undefined && !looksLikeObject(content)) return body;
  // A comment at the end would hide the brace.
  return `{\n  ${inLines(body, 1)}\n}`;
}

/** Whether what braces hold are members and not statements. */
function looksLikeObject(content: string): boolean {
  const cursor = new Cursor(content);
  cursor.separators();
  if (cursor.done) return true;
  const word = cursor.peekWord();
  cursor.at += word.length;
  if (word === "" && !takesString(cursor)) return false;
  cursor.lines();
  return cursor.next === ":";
}

/** Takes a string that nothing is put into; no other can be the name of a member. */
function takesString(cursor: Cursor): boolean {
  try {
    return cursor.string() !== undefined;
  } catch (error) {
    if (error instanceof FslSyntaxError) return false;
    throw error;
  }
}

/**
 * An expression as it may stand behind `=`: one that would end too soon there, and short lambdas (`.a`), in parentheses.
 */
export function closed(source: string): string {
  const text = source.trim();
  const cursor = new Cursor(`${text}\n`);
  try {
    takeExpression(cursor);
    if (!text.startsWith(".") && cursor.at === text.length) return text;
  } catch (error) {
    if (!(error instanceof FslSyntaxError)) throw error;
  }
  return `(${ended(text)})`;
}

/** A lambda for a place that has parentheses of its own. */
export function withoutParentheses(source: string): string {
  return ended(inner(source));
}

/** The text with a line break behind a comment that would hide what follows. */
function ended(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1).includes("//") ? `${text}\n` : text;
}

/** The text with its later lines indented, unless a line break might be part of a string. */
export function inLines(text: string, level: number): string {
  const lines = text.split("\n");
  const whole = lines.every((line) => {
    const quotes = line.replaceAll(/\\./g, "").match(/["'`]/g) ?? [];
    return quotes.length % 2 === 0 && !line.includes("<<");
  });
  if (!whole) return text;
  return lines
    .map((line, index) => (index === 0 || line === "" ? line : "  ".repeat(level) + line))
    .join("\n");
}
