/** Reads what stands inside `collection C { … }`. */
import type { CollectionMember, Expression, IndexTerm, Name } from "./ast.ts";
import { takeExpression } from "./expression.ts";
import {
  complain,
  memberSpan,
  type Reader,
  requireName,
  Seen,
  takeBlock,
  takeParenthesised,
} from "./members.ts";
import { takeMigrations } from "./migrations.ts";
import { isIdentifier, SPECIAL_FIELD_NAMES } from "./names.ts";
import type { Span } from "./span.ts";
import { takeType } from "./typeParser.ts";
import type { TypeExpr } from "./types.ts";

/** Reads the block of a collection and gives its members in source order. */
export function takeCollectionMembers(reader: Reader): CollectionMember[] {
  const members = new Members(reader);
  takeBlock(reader, (start) => members.take(start));
  return members.list;
}

class Members {
  readonly list: CollectionMember[] = [];
  private readonly reader: Reader;
  private readonly seen = new Map<string, Seen>();

  constructor(reader: Reader) {
    this.reader = reader;
  }

  take(start: number): void {
    const member = this.tryField(start) ?? this.takeKeyword(start);
    this.list.push(member);
  }

  private once(what: string): Seen {
    const seen = this.seen.get(what) ?? new Seen(this.reader, what);
    this.seen.set(what, seen);
    return seen;
  }

  /** A field is anything with a `:` or `=` behind its name, whatever the name. */
  private tryField(start: number): CollectionMember | undefined {
    const { cursor } = this.reader;
    if (cursor.next === "*") {
      cursor.take("*");
      return this.takeWildcard(start);
    }
    if (cursor.peekWord() === "compute") {
      const keyword = cursor.word();
      cursor.lines();
      const name = cursor.name();
      if (keyword !== undefined && name !== undefined)
        return this.takeComputed(start, keyword.span, name);
      cursor.at = start;
    }
    const name = cursor.name();
    cursor.blanks();
    if (name === undefined || (cursor.next !== ":" && cursor.next !== "=")) {
      cursor.at = start;
      return undefined;
    }
    const type = this.takeAnnotatedType();
    const value = this.takeValue();
    const span = memberSpan(this.reader, start);
    if (type === undefined) throw cursor.failure("Expected a type signature", span);
    this.checkFieldName(name, span);
    return { kind: "field", name, type, default: value, span };
  }

  private takeWildcard(start: number): CollectionMember {
    const { cursor } = this.reader;
    const type = this.takeAnnotatedType();
    if (type === undefined) throw cursor.failure("Expected `:`");
    const value = this.takeValue();
    if (value !== undefined)
      complain(this.reader, "No default allowed for wildcard field", value.span);
    const span = memberSpan(this.reader, start);
    this.once("field").add({ text: "*", span: { start, end: start + 1 } });
    return { kind: "wildcard", type, span };
  }

  private takeComputed(start: number, keyword: Span, name: Name): CollectionMember {
    const { cursor } = this.reader;
    cursor.blanks();
    const type = this.takeAnnotatedType();
    const body = this.takeValue();
    const span = memberSpan(this.reader, start);
    if (body === undefined) throw cursor.failure("Computed fields require a value", keyword);
    this.checkFieldName(name, span);
    return { kind: "compute", name, type, body, span };
  }

  private checkFieldName(name: Name, span: Span): void {
    if (!isIdentifier(name.text))
      complain(this.reader, `Invalid identifier \`${name.text}\``, name.span);
    else if (SPECIAL_FIELD_NAMES.has(name.text))
      complain(this.reader, `Invalid reserved name \`${name.text}\``, span);
    this.once("field").add(name);
  }

  private takeAnnotatedType(): TypeExpr | undefined {
    const { cursor } = this.reader;
    if (!cursor.take(":")) return undefined;
    const type = takeType(cursor);
    cursor.at = type.span.end;
    return type;
  }

  private takeValue(): Expression | undefined {
    const { cursor } = this.reader;
    const before = cursor.at;
    cursor.blanks();
    if (cursor.take("=")) return takeExpression(cursor);
    cursor.at = before;
    return undefined;
  }

  private takeKeyword(start: number): CollectionMember {
    const { cursor } = this.reader;
    const word = cursor.word();
    if (word === undefined) throw cursor.failure("Expected `}`");
    cursor.lines();
    switch (word.text) {
      case "index":
        return this.takeIndex(start, word);
      case "unique": {
        const terms = takeTerms(this.reader, false);
        if (terms.list.length === 0) {
          complain(this.reader, "Expected non-empty terms for a unique constraint", terms.span);
        }
        this.once("unique constraint.").add({ text: uniqueKey(terms.list), span: terms.span });
        return { kind: "unique", terms: terms.list, span: memberSpan(this.reader, start) };
      }
      case "check": {
        const name = this.identifier(word.span, "check constraint name");
        const body = takeParenthesised(this.reader, "Expected lambda check predicate");
        return { kind: "check", name, body, span: memberSpan(this.reader, start) };
      }
      case "history_days":
      case "ttl_days":
        return this.takeDays(start, word.text);
      case "document_ttls":
        return this.takeDocumentTtls(start);
      case "migrations": {
        const steps = takeMigrations(this.reader, start);
        const span = memberSpan(this.reader, start);
        this.once("migration block").once(span);
        return { kind: "migrations", steps, span };
      }
      default:
        throw cursor.failure(`Invalid field or member \`${word.text}\``, word.span);
    }
  }

  private identifier(keyword: Span, what: string): Name {
    const name = requireName(this.reader, keyword);
    if (!isIdentifier(name.text))
      complain(this.reader, `Invalid identifier \`${name.text}\``, name.span);
    this.once(what).add(name);
    return name;
  }

  private takeIndex(start: number, word: Name): CollectionMember {
    const { cursor } = this.reader;
    const name = this.identifier(word.span, "index name");
    let terms: IndexTerm[] | undefined;
    let values: IndexTerm[] | undefined;
    const seen = {
      terms: new Seen(this.reader, "terms definition"),
      values: new Seen(this.reader, "values definition"),
    };
    takeBlock(this.reader, (memberStart) => {
      const part = cursor.word();
      if (part?.text !== "terms" && part?.text !== "values") {
        throw cursor.failure(`Invalid member \`${part?.text ?? cursor.next}\``, part?.span);
      }
      cursor.lines();
      const list = takeTerms(this.reader, part.text === "values").list;
      seen[part.text].once(memberSpan(this.reader, memberStart));
      if (list.length > 0) {
        if (part.text === "terms") terms = list;
        else values = list;
      }
    });
    return { kind: "index", name, terms, values, span: memberSpan(this.reader, start) };
  }

  private takeDays(start: number, kind: "history_days" | "ttl_days"): CollectionMember {
    const { cursor } = this.reader;
    const value = takeExpression(cursor);
    if (!/^-?[0-9][0-9_]*$/.test(value.text))
      throw cursor.failure("Expected integer literal", value.span);
    const span = memberSpan(this.reader, start);
    this.once(kind === "history_days" ? "history days" : "ttl days").once(span);
    return { kind, days: BigInt(value.text.replaceAll("_", "")), span };
  }

  private takeDocumentTtls(start: number): CollectionMember {
    const { cursor } = this.reader;
    const value = takeExpression(cursor);
    if (value.text !== "true" && value.text !== "false")
      throw cursor.failure("Expected boolean literal", value.span);
    const span = memberSpan(this.reader, start);
    this.once("document TTLs").once(span);
    return { kind: "document_ttls", enabled: value.text === "true", span };
  }
}

function uniqueKey(terms: readonly IndexTerm[]): string {
  return terms
    .map((term) => `${term.mva ? "mva" : ""}${term.path.text}`)
    .toSorted()
    .join(",");
}

/** Reads `[.a, mva(.b), desc(.c)]`; only `values` may say an order. */
function takeTerms(reader: Reader, ordered: boolean): { list: IndexTerm[]; span: Span } {
  const { cursor } = reader;
  const start = cursor.at;
  if (!cursor.take("["))
    throw cursor.failure(`Expected an array of ${ordered ? "values" : "terms"}`);
  const list: IndexTerm[] = [];
  while (!cursor.startsWith("]")) {
    list.push(takeTerm(reader, ordered));
    cursor.lines();
    if (!cursor.take(",")) break;
  }
  cursor.expect("]", false);
  return { list, span: { start, end: cursor.at } };
}

function takeTerm(reader: Reader, ordered: boolean): IndexTerm {
  const { cursor } = reader;
  const start = cursor.at;
  let mva = false;
  let descending = false;
  let depth = 0;
  for (let word = cursor.word(); word !== undefined; word = cursor.word()) {
    if (word.text === "mva") mva = true;
    else if (ordered && word.text === "desc") descending = true;
    else if (!ordered || word.text !== "asc") {
      throw cursor.failure(
        ordered ? "Expected 'asc', 'desc', or 'mva'" : "Expected 'mva'",
        word.span,
      );
    }
    cursor.expect("(");
    depth++;
  }
  const path = takeExpression(cursor);
  if (!path.text.startsWith(".") || /[()]/.test(path.text))
    complain(reader, "Invalid field path", path.span);
  for (; depth > 0; depth--) {
    cursor.lines();
    cursor.expect(")", false);
  }
  return { path, mva, descending, span: { start, end: cursor.at } };
}
