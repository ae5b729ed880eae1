/** Reads a `migrations { … }` block. */
import type { Expression, MigrationStep, Name } from "./ast.ts";
import { takeExpression } from "./expression.ts";
import { complain, memberSpan, type Reader, takeBlock } from "./members.ts";

/** Reads the block; `start` is where the member began. */
export function takeMigrations(reader: Reader, start: number): MigrationStep[] {
  const { cursor } = reader;
  if (!cursor.startsWith("{")) throw cursor.failure("Expected a migration block");
  const steps: MigrationStep[] = [];
  takeBlock(reader, (stepStart) => {
    const word = cursor.word();
    if (word === undefined) throw cursor.failure("Expected a migration");
    cursor.blanks();
    steps.push(takeStep(reader, stepStart, word));
  });
  if (steps.length === 0)
    complain(reader, "Empty migration blocks are not allowed", { start, end: cursor.at });
  return steps;
}

function takeStep(reader: Reader, start: number, word: Name): MigrationStep {
  const { cursor } = reader;
  const finish = () => memberSpan(reader, start);
  switch (word.text) {
    case "add":
    case "drop": {
      const field = takePath(reader);
      return { kind: word.text, field, span: finish() };
    }
    case "backfill": {
      const field = takePath(reader);
      cursor.blanks();
      cursor.expect("=");
      const value = takeExpression(cursor);
      return { kind: "backfill", field, value, span: finish() };
    }
    case "move": {
      const field = takePath(reader);
      takeArrow(reader);
      const to = takePath(reader);
      return { kind: "move", field, to, span: finish() };
    }
    case "split":
      return takeSplit(reader, start);
    case "move_conflicts":
    case "move_wildcard": {
      const into = takePath(reader);
      return { kind: word.text, into, span: finish() };
    }
    case "add_wildcard":
      return { kind: "add_wildcard", span: finish() };
    default:
      throw cursor.failure("Only migrations are allowed in migration blocks", word.span);
  }
}

function takeSplit(reader: Reader, start: number): MigrationStep {
  const { cursor } = reader;
  const field = takePath(reader);
  takeArrow(reader);
  const to = [takePath(reader)];
  for (;;) {
    const before = cursor.at;
    cursor.lines();
    if (!cursor.take(",")) {
      cursor.at = before;
      break;
    }
    to.push(takePath(reader));
  }
  const span = memberSpan(reader, start);
  if (to.length < 2) complain(reader, "Expected at least two fields to split into", span);
  else if (new Set(to.map((path) => path.text)).size < to.length) {
    complain(reader, "Expected list of fields with no duplicates", span);
  }
  return { kind: "split", field, to, span };
}

function takeArrow(reader: Reader): void {
  reader.cursor.blanks();
  reader.cursor.expect("->");
}

function takePath(reader: Reader): Expression {
  const path = takeExpression(reader.cursor);
  if (!path.text.startsWith(".")) throw reader.cursor.failure("Invalid field path", path.span);
  if (/\[\s*[0-9]/.test(path.text))
    complain(reader, "Cannot index into an item in a migration path", path.span);
  return path;
}
