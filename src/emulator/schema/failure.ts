/** How the schema says no. Each language, and the schema endpoints, put these into their own words. */
import { ArkError } from "../../errors/errors.ts";

/** A way into a document or definition: names and positions. */
export type Path = readonly (string | number)[];

/** One constraint that a write would break. v10 lists it under `constraint_failures`. */
export interface Violation {
  /** Fields that it is about; none for checks and for what concerns the document as a whole. */
  readonly paths: readonly Path[];
  readonly message: string;
}

/**
 * A write that breaks constraints. v10 answers `constraint_failure` with `message` and all of
 * `violations`; v4 `schema validation failed` for each; a push lists them below `message`.
 */
export class ConstraintError extends ArkError {
  readonly violations: readonly Violation[];

  constructor(message: string, violations: readonly Violation[]) {
    super("ERR_SCHEMA", message);
    this.violations = violations;
  }

  /** The text of a push's error: the message and the violations, indented. */
  get text(): string {
    return `${this.message}\nconstraint failures:\n${listViolations(this.violations)}`;
  }
}

/** Violations one a line, each with its paths, as summaries and pushes show them. */
function listViolations(violations: readonly Violation[]): string {
  return violations
    .map(({ paths, message }) => {
      const label = paths.map(printPath).join(",");
      const line = label === "" ? message : `${label}: ${message}`;
      return `  ${line.replaceAll("\n", "\n      ")}`;
    })
    .join("\n");
}

/** A path as messages show it: `a.b[0]`. */
export function printPath(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join("");
}

/**
 * A schema that as a whole does not hold together (a role without its resource, a type that is not
 * there). v10 answers `invalid_schema`; the message is "Invalid database schema update." and the
 * drawings of what is wrong.
 */
export class InvalidSchemaError extends ArkError {
  /** Each problem drawn under the generated schema file. */
  readonly drawings: readonly string[];

  constructor(drawings: readonly string[]) {
    const listed = drawings
      .map((drawing) => `\n    ${drawing.replaceAll("\n", "\n    ")}`)
      .join("");
    super("ERR_SCHEMA", `Invalid database schema update.${listed}`);
    this.drawings = drawings;
  }
}

/** A `/schema/1` request is refused: the answer is `{"error":{"message":…}}` under `status`. */
export class SchemaRefusal extends ArkError {
  readonly status: number;

  constructor(status: number, message: string) {
    super("ERR_SCHEMA", message);
    this.status = status;
  }

  static notFound(): SchemaRefusal {
    return new SchemaRefusal(404, "Not found");
  }
}
