/**
 * Finds where an FQL expression ends, without understanding it: brackets are balanced, strings,
 * templates, heredocs and comments are skipped, and outside brackets an expression ends where an
 * operand can follow no other (a newline that no operator bridges, a second operand, a bracket that
 * closes what surrounds it).
 */
import type { Expression } from "./ast.ts";
import { Cursor } from "./cursor.ts";

const OPERATORS = [
  "=>",
  "==",
  "!=",
  "=~",
  "!~",
  ">=",
  "<=",
  "**",
  "??",
  "||",
  "&&",
  ">",
  "<",
  "+",
  "-",
  "*",
  "/",
  "%",
  "|",
  "^",
  "&",
];
/** Operators that may begin the line after their left operand. */
const LINE_OPERATORS = ["??", "||", "&&", "|", "^", "&"];
const NUMBER =
  /0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /[a-zA-Z_][a-zA-Z0-9_']*/y;
const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Takes the expression at the cursor and leaves the cursor behind its last character. */
export function takeExpression(cursor: Cursor): Expression {
  const start = cursor.at;
  new Scan(cursor).run();
  if (cursor.at === start) throw cursor.failure("Expected expression");
  return { text: cursor.text.slice(start, cursor.at), span: { start, end: cursor.at } };
}

/** Takes a bracketed group (`(…)`, `[…]` or `{…}`), its content unread, balanced. */
export function takeGroup(cursor: Cursor): Expression {
  const start = cursor.at;
  skipGroup(cursor);
  return { text: cursor.text.slice(start, cursor.at), span: { start, end: cursor.at } };
}

class Scan {
  private readonly cursor: Cursor;
  /** Where the last token that belongs to the expression ended. */
  private end: number;
  private operand = false;
  /** After `if` or `at`: its parenthesis is not yet an operand. */
  private condition = false;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.end = cursor.at;
  }

  run(): void {
    const { cursor } = this;
    for (;;) {
      if (this.operand) {
        if (!this.continues()) break;
      } else {
        cursor.lines();
        if (!this.takeOperand()) throw cursor.failure("Expected expression");
      }
      this.end = cursor.at;
    }
    cursor.at = this.end;
  }

  private takeOperand(): boolean {
    const { cursor } = this;
    const character = cursor.next;
    if (character in CLOSING) {
      skipGroup(cursor);
      this.operand = !this.condition;
      this.condition = false;
      return true;
    }
    if (character === '"' || character === "'") {
      skipString(cursor);
      this.operand = true;
      return true;
    }
    if (cursor.startsWith("<<-") || cursor.startsWith("<<+")) {
      skipHeredoc(cursor);
      this.operand = true;
      return true;
    }
    if (character === "-" || character === "!" || character === "~" || character === "+") {
      cursor.at++;
      return true;
    }
    if (character === "." && !cursor.startsWith("..")) {
      this.operand = true;
      return this.takeSelector();
    }
    if (takeMatch(cursor, NUMBER) !== undefined) {
      this.operand = true;
      return true;
    }
    const word = takeMatch(cursor, WORD);
    if (word === undefined) return false;
    if (word === "if" || word === "at") this.condition = true;
    else this.operand = true;
    return true;
  }

  /** After an operand: takes what carries the expression on, or leaves the cursor and says no. */
  private continues(): boolean {
    const { cursor } = this;
    cursor.blanks();
    if ("([{".includes(cursor.next) && cursor.next !== "") {
      skipGroup(cursor);
      return true;
    }
    if (cursor.next === "!" && !cursor.startsWith("!=") && !cursor.startsWith("!~")) {
      cursor.at++;
      return true;
    }
    if (
      !cursor.startsWith("//") &&
      !cursor.startsWith("/*") &&
      !cursor.startsWith("->") &&
      this.takeOperator(OPERATORS)
    )
      return true;
    if (cursor.peekWord() === "isa") {
      cursor.at += 3;
      this.operand = false;
      return true;
    }
    cursor.lines();
    if (cursor.startsWith("?.") || (cursor.next === "." && !cursor.startsWith("..")))
      return this.takeSelector();
    if (cursor.peekWord() === "else") {
      cursor.at += 4;
      this.operand = false;
      return true;
    }
    return this.takeOperator(LINE_OPERATORS);
  }

  private takeSelector(): boolean {
    const { cursor } = this;
    cursor.at += cursor.next === "?" ? 2 : 1;
    cursor.lines();
    if ("([".includes(cursor.next) && cursor.next !== "") skipGroup(cursor);
    else if (takeMatch(cursor, WORD) === undefined) throw cursor.failure("Expected identifier");
    return true;
  }

  private takeOperator(operators: readonly string[]): boolean {
    const operator = operators.find((token) => this.cursor.startsWith(token));
    if (operator === undefined) return false;
    this.cursor.at += operator.length;
    this.operand = false;
    return true;
  }
}

function takeMatch(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const text = pattern.exec(cursor.text)?.[0];
  if (text !== undefined) cursor.at += text.length;
  return text;
}

/** Skips a group with everything in it; the cursor stands on its opening bracket. */
function skipGroup(cursor: Cursor): void {
  cursor.deeper();
  skipBalanced(cursor);
  cursor.shallower();
}

function skipBalanced(cursor: Cursor): void {
  const stack: string[] = [];
  for (;;) {
    if (cursor.done) throw cursor.failure(`Expected \`${stack.at(-1) ?? "}"}\``);
    const character = cursor.next;
    const closing = CLOSING[character];
    if (closing !== undefined) {
      stack.push(closing);
      cursor.at++;
    } else if (character === ")" || character === "]" || character === "}") {
      if (stack.pop() !== character) throw cursor.failure(`Unexpected \`${character}\``);
      cursor.at++;
      if (stack.length === 0) return;
    } else skipInner(cursor);
  }
}

function skipInner(cursor: Cursor): void {
  const character = cursor.next;
  if (character === '"' || character === "'") skipString(cursor);
  else if (cursor.startsWith("<<-") || cursor.startsWith("<<+")) skipHeredoc(cursor);
  else if (!cursor.lineComment() && !cursor.blockComment() && takeMatch(cursor, WORD) === undefined)
    cursor.at++;
}

/** Skips a string; the expressions in a template's `#{…}` may hold strings again. */
function skipString(cursor: Cursor): void {
  const start = cursor.at;
  const quote = cursor.next;
  cursor.at++;
  while (cursor.next !== quote) {
    if (cursor.done) throw cursor.failure(`Expected \`${quote}\``, { start, end: start + 1 });
    if (cursor.next === "\\") cursor.at += 2;
    else if (quote === '"' && cursor.startsWith("#{")) {
      cursor.at++;
      skipGroup(cursor);
    } else cursor.at++;
  }
  cursor.at++;
}

/** Skips `<<-END … END`: up to the line that begins with the delimiter. */
function skipHeredoc(cursor: Cursor): void {
  const start = cursor.at;
  cursor.at += 3;
  cursor.blanks();
  const delimiter = takeMatch(cursor, WORD);
  if (delimiter === undefined) throw cursor.failure("Expected identifier");
  for (;;) {
    const newline = cursor.text.indexOf("\n", cursor.at);
    if (newline < 0) throw cursor.failure(`Expected \`${delimiter}\``, { start, end: start + 3 });
    cursor.at = newline + 1;
    cursor.blanks();
    if (cursor.peekWord() === delimiter) break;
  }
  cursor.at += delimiter.length;
}
