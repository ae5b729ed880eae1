/** Rules about definitions beyond the types of their fields, in Fauna's words (recordings `v10-schema/*`). */
import { drawAll, FslSyntaxError, parseType, renderProblem } from "../../fsl/fsl.ts";
import { NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, isArrayData, isObjectData } from "../data/value.ts";
import { renderDiagnostic } from "../fql10/diagnostic.ts";
import { QueryFailure } from "../fql10/failure.ts";
import { parseExpression, parseLambda } from "../fql10/parser/parser.ts";
import { parsePath } from "./documents.ts";
import type { Path, Violation } from "./failure.ts";
import { textOf } from "./fields.ts";
import { isReservedGlobal, isValidName } from "./reserved.ts";
import { type FieldShape, violation } from "./shape.ts";

type Rule = NonNullable<FieldShape["validate"]>;

/** A number of days cannot be negative. */
export const nonNegative: Rule = (path, value) =>
  typeof value === "bigint" && value < 0n ? [violation(path, "Non-negative value required.")] : [];

/** A name that can be written bare; one that stays may be any. */
export const identifier: Rule = (path, value, before) =>
  typeof value === "string" && value !== before && !isValidName(value)
    ? [violation(path, "Invalid identifier.")]
    : [];

/** A name for a role. */
export const roleName: Rule = (path, value) => {
  if (typeof value !== "string") return [];
  if (!isValidName(value)) return [violation(path, "Invalid identifier.")];
  return value === "admin" || value === "server"
    ? [violation(path, `The identifier \`${value}\` is reserved.`)]
    : [];
};

/** An address with https. */
export const httpsAddress: Rule = (path, value) => {
  const address = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  return address?.protocol === "https:"
    ? []
    : [violation(path, `\`${typeof value === "string" ? value : ""}\` must be a valid https URI.`)];
};

/** Names of collections and functions share one space with their aliases and the language's own names. */
export function globalName(transaction: Transaction): Rule {
  return (path, value, before) => {
    if (typeof value !== "string" || value === before) return [];
    if (isReservedGlobal(value))
      return [violation(path, `The identifier \`${value}\` is reserved.`)];
    if (!isValidName(value)) return [violation(path, "Invalid identifier.")];
    const found = transaction.definitions.findModule(value);
    if (found === undefined) return [];
    const what = found.ref.collection === NATIVE.Function ? "Function" : "Collection";
    const how = found.version.fields.get("name") === value ? "name" : "alias";
    return [violation(path, `A ${what} already exists with the ${how} \`${value}\``)];
  };
}

/** Names of members, of which some are kept for the language. */
export function memberNames(isReserved: (name: string) => boolean): Rule {
  return (path, value) => {
    if (!isObjectData(value)) return [];
    return [...value.keys()].flatMap((name) => {
      if (!isValidName(name) && name !== "_") return [violation(path, "Invalid identifier.")];
      return isReserved(name) ? [violation(path, `The name '${name}' is reserved.`)] : [];
    });
  };
}

/** Numbers of arguments that a lambda may take; undefined for any. */
export function lambda(counts?: readonly number[], allowShort = true): Rule {
  return (path, value) => {
    if (typeof value !== "string") return [];
    try {
      const parsed = parseLambda({ name: `*${String(path.at(-1))}*`, text: value });
      if (parsed.short && !allowShort)
        return [violation(path, `${UNPARSABLE}\nShort lambdas are not allowed here.`)];
      if (counts === undefined || counts.includes(parsed.params.length)) return [];
      const expected =
        counts.length === 1
          ? `exactly ${counts[0]} argument${counts[0] === 1 ? "" : "s"}`
          : `${counts.join(" or ")} arguments`;
      const actual = `the function was defined with ${parsed.params.length} arguments`;
      return [violation(path, `Invalid function arity. Expected ${expected}, but ${actual}`)];
    } catch (error) {
      return [violation(path, `${UNPARSABLE}\n${describeSyntax(error)}`)];
    }
  };
}

const UNPARSABLE = "Unable to parse FQL source code.";

/** FQL that parses. */
export const expression: Rule = (path, value) => {
  if (typeof value !== "string") return [];
  try {
    parseExpression({ name: `*${String(path.at(-1))}*`, text: value });
    return [];
  } catch (error) {
    return [violation(path, `${UNPARSABLE}\n${describeSyntax(error)}`)];
  }
};

function describeSyntax(error: unknown): string {
  if (!(error instanceof QueryFailure)) throw error;
  const problems = error.options.problems ?? [];
  if (problems.length === 0) return error.message;
  return drawAll(problems, (problem) => renderDiagnostic({ name: "error", ...problem })).join("\n");
}

/** A type that parses. */
export const signature: Rule = (path, value) => {
  if (typeof value !== "string") return [];
  try {
    parseType(value);
    return [];
  } catch (error) {
    if (!(error instanceof FslSyntaxError)) throw error;
    const drawing = renderProblem(error.problem, `*${String(path.at(-1))}*`, value);
    return [violation(path, `Failed parsing user-provided signature.\n${drawing}`)];
  }
};

/** A path into documents; some first steps are refused, with a reason. */
export function indexPath(refused: Readonly<Record<string, string>>): Rule {
  return (path, value) => {
    if (typeof value !== "string") return [];
    if (value === "") return [violation(path, "Value cannot be empty.")];
    const steps = parsePath(value);
    if (steps === undefined)
      return [violation(path, `Value \`${value}\` is not a valid FQL path expression.`)];
    const why = refused[String(steps[0])];
    return why === undefined ? [] : [violation(path, why)];
  };
}
/** Fields of a unique constraint. */
export const uniqueFields: Rule = (path, value) => {
  const rule = indexPath({
    id: "`id` is not supported as a unique constraint value.",
    coll: "`coll` is not supported as a unique constraint value.",
    ts: "`ts` is not supported as a unique constraint value.",
  });
  if (!isArrayData(value)) return [];
  return value.flatMap((field) =>
    rule(path, isObjectData(field) ? (field.get("field") ?? null) : field, undefined),
  );
};
const BUILTIN_ROLES = new Set(["admin", "server", "server-readonly", "client"]);

/** Roles of an access provider: the database's own, each once. */
export const providerRoles: Rule = (path, value) => {
  if (!isArrayData(value)) return [];
  const names = value
    .map((role) => (isObjectData(role) ? role.get("role") : role))
    .filter((name) => typeof name === "string");
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return names.flatMap((name, index): Violation[] => {
    if (BUILTIN_ROLES.has(name)) return [violation(path, `Builtin role \`${name}\` not allowed.`)];
    if (!twice.has(name) || names.indexOf(name) !== index) return [];
    return [
      violation(
        path,
        `The role \`${name}\` is present more than once, there can only be one entry per role.`,
      ),
    ];
  });
};
/** Rules about a collection as a whole. */
export function collectionViolations(fields: ReadonlyMap<string, Data>): Violation[] {
  const constraints = fields.get("constraints");
  const list = isArrayData(constraints) ? constraints.filter(isObjectData) : [];
  const where: Path = ["constraints"];
  const violations: Violation[] = [];
  const checks = list
    .map((one) => one.get("check"))
    .filter(isObjectData)
    .map((check) => check.get("name"));
  for (const name of repeated(checks))
    violations.push(violation(where, `Duplicate check constraint name '${String(name)}'`));
  const uniques = list.map((one) => one.get("unique")).filter(isArrayData);
  if (uniques.some((unique) => unique.length === 0)) {
    violations.push(violation(where, "Unique constraints must have at least one term"));
  }
  const paths = uniques.map((unique) => `[${unique.map((field) => fieldText(field)).join(", ")}]`);
  for (const path of repeated(paths))
    violations.push(violation(where, `Duplicate unique constraint on path ${String(path)}`));
  const defined = fields.get("fields");
  const computed = fields.get("computed_fields");
  for (const name of isObjectData(computed) ? computed.keys() : []) {
    if (isObjectData(defined) && defined.has(name)) {
      violations.push(
        violation(["computed_fields"], `Computed field '${name}' collides with a defined field`),
      );
    }
  }
  return violations;
}

function fieldText(field: Data): string {
  if (isObjectData(field)) return textOf(field, "field") ?? "";
  return typeof field === "string" ? field : "";
}

function repeated(values: readonly unknown[]): unknown[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
