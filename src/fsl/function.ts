/** Reads what follows the name of a function: arguments, return type, body. */
import type { Expression, FunctionArgument, FunctionItem } from "./ast.ts";
import { takeGroup } from "./expression.ts";
import { complain, type Reader } from "./members.ts";
import { type FslProblem, FslSyntaxError } from "./problem.ts";
import type { Span } from "./span.ts";
import { takeType } from "./typeParser.ts";

export type FunctionParts = Pick<FunctionItem, "args" | "returns" | "signatureSpan" | "body">;

/** Reads `(x: Int): Int { … }`. */
export function takeFunction(reader: Reader): FunctionParts {
  const { cursor } = reader;
  const start = cursor.at;
  cursor.expect("(");
  const args = takeArguments(reader);
  cursor.expect(")", false);
  let end = cursor.at;
  cursor.blanks();
  let returns;
  if (cursor.take(":")) {
    returns = takeType(cursor);
    end = returns.span.end;
  }
  const signatureSpan = { start, end };
  cursor.lines();
  if (!cursor.startsWith("{"))
    throw cursor.failure("Expected a function definition", signatureSpan);
  const body = takeBody(reader, start);
  if (body.text.slice(1, -1).trim() === "")
    throw cursor.failure("Unexpected end of block. Expected statement or expression.", body.span);
  checkSignature(reader, args, returns?.span, signatureSpan);
  return { args, returns, signatureSpan, body };
}

function takeArguments(reader: Reader): FunctionArgument[] {
  const { cursor } = reader;
  const args: FunctionArgument[] = [];
  while (!cursor.startsWith(")")) {
    const last = args.at(-1);
    if (last?.variadic === true) {
      complain(reader, "Variadic argument must be the last argument.", last.name.span);
    }
    const variadic = cursor.take("...");
    const name = cursor.word();
    if (name === undefined) throw cursor.failure("Expected `)`");
    cursor.lines();
    const type = cursor.take(":") ? takeType(cursor) : undefined;
    cursor.lines();
    args.push({ name, type, variadic });
    if (!cursor.take(",")) break;
  }
  return args;
}

/** Either every argument and the result have a type, or none has. */
function checkSignature(
  reader: Reader,
  args: readonly FunctionArgument[],
  returns: Span | undefined,
  signature: Span,
): void {
  const [first] = args;
  if (first === undefined) return;
  const typed = first.type !== undefined;
  const hint = typed
    ? { message: "Expecting types due to this type annotation", span: first.type.span }
    : {
        message: "Expecting no types due to this argument not having a type",
        span: first.name.span,
      };
  const note = (message: string, span: Span) => {
    const problem: FslProblem = { message, span, hints: [hint] };
    reader.problems.push(problem);
  };
  for (const arg of args) {
    if ((arg.type !== undefined) !== typed)
      note("All or no arguments must have a type", arg.name.span);
  }
  if (typed && returns === undefined) {
    note("Return type is required when arguments have a type", {
      start: signature.end - 1,
      end: signature.end,
    });
  } else if (!typed && returns !== undefined) {
    note("Return type is not allowed when arguments do not have a type", returns);
  }
}

function takeBody(reader: Reader, start: number): Expression {
  try {
    return takeGroup(reader.cursor);
  } catch (error) {
    if (!(error instanceof FslSyntaxError)) throw error;
    throw reader.cursor.failure("Expected a function definition", {
      start,
      end: reader.cursor.text.length,
    });
  }
}
