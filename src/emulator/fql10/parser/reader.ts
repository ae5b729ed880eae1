/** The text being parsed, a position in it, and the errors found so far. */
import type { Expr } from "../ast.ts";
import type { Hint } from "../diagnostic.ts";
import type { Name, Source, Span } from "../source.ts";

/** One thing wrong with a text. */
export interface SyntaxProblem {
  readonly message: string;
  readonly span: Span;
  readonly annotation?: string;
  readonly hints?: readonly Hint[];
}

/** Ends the parse; the problem is the last of the reader's list. */
export class ParseStopped extends Error {}

/** Words that cannot name a variable. */
const KEYWORDS = new Set("if else at match case let null true false isa join on of".split(" "));
const IDENT = /[a-zA-Z_][a-zA-Z0-9_']*/y;

/** Whether `text` may be written as a name in FQL source. */
export const isIdentifier = (text: string): boolean =>
  /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text) && !KEYWORDS.has(text);

/** The parts of the grammar that contain each other. */
export interface Grammar {
  /** An expression; a short lambda only if `short`. */
  readonly expr: (reader: Reader, short?: boolean) => Expr;
  /** A term as it stands on the right of an operator. */
  readonly term: (reader: Reader) => Expr;
}

/**
 * Expressions nested deeper are refused, always: what is accepted once, in a definition, must not run out
 * of stack when it is read or printed from elsewhere.
 */
const MAX_NESTING = 500;

export class Reader {
  readonly source: Source;
  readonly text: string;
  pos = 0;
  readonly problems: SyntaxProblem[] = [];
  /** Whether placeholders of values are read; counts those read so far. */
  placeholders: number | undefined;

  /** Whether an object begins behind the brace at a position, where that is known. */
  readonly objects = new Map<number, boolean>();

  readonly #grammar: Grammar | undefined;
  #nesting = 0;

  constructor(source: Source, grammar?: Grammar, options: { template?: boolean } = {}) {
    this.#grammar = grammar;
    this.source = source;
    this.text = source.text;
    this.placeholders = options.template === true ? 0 : undefined;
  }

  get ended(): boolean {
    return this.pos >= this.text.length;
  }

  span(start: number, end: number = this.pos): Span {
    return { source: this.source, start, end };
  }

  /** The expression that stands here. */
  expr(short = false): Expr {
    return this.#grammar?.expr(this, short) ?? this.expected("expression");
  }

  /** The term that stands here. */
  term(): Expr {
    return this.#grammar?.term(this) ?? this.expected("expression");
  }

  /** Notes a problem and goes on. */
  note(problem: SyntaxProblem): void {
    this.problems.push(problem);
  }

  fail(
    message: string,
    span: Span = this.span(this.pos, this.pos + 1),
    more: Partial<SyntaxProblem> = {},
  ): never {
    this.note({ message, span, ...more });
    throw new ParseStopped(message);
  }

  /** What Fauna says when something else had to follow: never on top of an earlier problem. */
  expected(what: string): never {
    if (this.problems.length > 0) throw new ParseStopped(what);
    this.fail(`Expected ${what}`);
  }

  /** Reads what is one level deeper. */
  nested<T>(read: (reader: Reader) => T): T {
    if (this.#nesting >= MAX_NESTING) this.fail("Query is nested too deeply");
    this.#nesting++;
    try {
      return read(this);
    } finally {
      this.#nesting--;
    }
  }

  at(token: string): boolean {
    return this.text.startsWith(token, this.pos);
  }

  /** Steps over `token` if it is here. */
  eat(token: string): boolean {
    if (!this.at(token)) return false;
    this.pos += token.length;
    return true;
  }

  expect(token: string, what = `\`${token}\``): void {
    if (!this.eat(token)) this.expected(what);
  }

  /** The match of a sticky pattern here, stepping over it. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.pos;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.pos += found.length;
    return found;
  }

  peek(pattern: RegExp): string | undefined {
    const { pos } = this;
    const found = this.match(pattern);
    this.pos = pos;
    return found;
  }

  /** Whether the keyword stands here, as a whole word. */
  atWord(word: string): boolean {
    return this.at(word) && !/[a-zA-Z0-9_']/.test(this.text[this.pos + word.length] ?? " ");
  }

  eatWord(word: string): boolean {
    if (!this.atWord(word)) return false;
    this.pos += word.length;
    return true;
  }

  /** Blanks and block comments on this line. */
  blanks(): void {
    while (this.match(/[ \t]+/y) !== undefined || this.blockComment()) {
      /* all of them */
    }
  }

  /** Blanks, line breaks and comments. */
  space(): void {
    while (this.match(/[ \t\r\n]+/y) !== undefined || this.lineComment() || this.blockComment()) {
      /* all of them */
    }
  }

  /** Steps over what may separate two statements; false if there is nothing of the kind. */
  separator(): boolean {
    const start = this.pos;
    this.blanks();
    let found = false;
    while (this.match(/[;\n\r]+/y) !== undefined || this.lineComment()) {
      found = true;
      this.blanks();
    }
    if (!found) this.pos = start;
    return found;
  }

  private lineComment(): boolean {
    return this.match(/\/\/[^\n]*\n?/y) !== undefined;
  }

  private blockComment(): boolean {
    if (!this.at("/*")) return false;
    let depth = 0;
    const marks = /\/\*|\*\//g;
    marks.lastIndex = this.pos;
    for (let mark = marks.exec(this.text); mark !== null; mark = marks.exec(this.text)) {
      depth += mark[0] === "/*" ? 1 : -1;
      if (depth === 0) {
        this.pos = marks.lastIndex;
        return true;
      }
    }
    return false;
  }

  /** A word of any kind, keywords included: the name of a field. */
  word(): Name | undefined {
    const start = this.pos;
    const text = this.match(IDENT);
    return text === undefined ? undefined : { text, span: this.span(start) };
  }

  /** A name that is not a keyword. */
  identifier(): Name {
    const name = this.word() ?? this.expected("identifier");
    if (KEYWORDS.has(name.text)) {
      this.fail("Invalid identifier", name.span, { annotation: `\`${name.text}\` is a keyword` });
    }
    return name;
  }
}
