/** How a query ends when it does not end well: the code, the words, the places. */
import { drawAll } from "../../fsl/fsl.ts";
import { type Diagnostic, type Hint, renderDiagnostic } from "./diagnostic.ts";
import { printPath } from "../schema/failure.ts";
import type { SyntaxProblem } from "./parser/reader.ts";
import { NO_SOURCE, type Span } from "./source.ts";
import type { Value } from "./values.ts";

/** One constraint that a write would break, as answers list it. */
export interface ConstraintFailure {
  readonly paths: readonly (readonly (string | number)[])[];
  readonly message: string;
  /** What the summary calls it where no field is to blame: a v4 index. */
  readonly label?: string | undefined;
}

export interface FailureOptions {
  /** The failing call first, then its callers. */
  readonly trace?: readonly Span[];
  readonly hints?: readonly Hint[];
  readonly constraintFailures?: readonly ConstraintFailure[];
  /** The value given to `abort()`. */
  readonly abort?: { readonly value: Value };
  /** Problems found before the query ran; then `message` only counts them. */
  readonly problems?: readonly SyntaxProblem[];
}

/** An error of the query itself; Fauna answers it with status 400 and `code`. */
export class QueryFailure extends Error {
  readonly code: string;
  readonly options: FailureOptions;

  constructor(code: string, message: string, options: FailureOptions = {}) {
    super(message);
    this.code = code;
    this.options = options;
  }

  /** What is wrong with a query before it runs. */
  static check(problems: readonly SyntaxProblem[]): QueryFailure {
    const checks = problems.length > 1 ? "checks" : "check";
    return new QueryFailure(
      "invalid_query",
      `The query failed ${problems.length} validation ${checks}`,
      { problems },
    );
  }

  /** The error drawn under its source, with its trace; empty if nothing is known of where. */
  get summary(): string {
    const { problems, trace = [], hints = [], constraintFailures = [] } = this.options;
    if (problems !== undefined) {
      return drawAll(problems, (problem) => renderDiagnostic({ name: "error", ...problem })).join(
        "\n\n",
      );
    }
    const [span, ...callers] = trace.filter(({ source }) => source !== NO_SOURCE);
    if (span === undefined) return `error: ${this.message}\nat <no source>`;
    const frames = callers.map((caller, index): Hint => {
      return { name: index === 0 && hints.length > 0 ? "trace" : "", message: "", span: caller };
    });
    const diagnostic: Diagnostic = {
      name: "error",
      message: [this.message, ...listed(constraintFailures)].join("\n"),
      span,
      hints: [...hints, ...frames],
    };
    return renderDiagnostic(diagnostic);
  }
}

function listed(failures: readonly ConstraintFailure[]): string[] {
  if (failures.length === 0) return [];
  const lines = failures.map((failure) => {
    const label = failure.label ?? failure.paths.map(printPath).join(",");
    const line = label === "" ? failure.message : `${label}: ${failure.message}`;
    return `  ${line.replaceAll("\n", "\n      ")}`;
  });
  return ["constraint failures:", ...lines];
}

/** A refusal of the request itself, which has no summary and no trace (e.g. live 4). */
export class RequestFailure extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
