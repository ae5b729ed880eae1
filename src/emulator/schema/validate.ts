/** Whether a schema as a whole holds together: expressions parse, types and names mean something. */
import {
  drawAll,
  type Expression,
  type FslItem,
  type FslProblem,
  printType,
  renderProblem,
  type Span,
  type TypeExpr,
} from "../../fsl/fsl.ts";
import { NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { QueryFailure } from "../fql10/failure.ts";
import { parseExpression } from "../fql10/parser/parser.ts";
import { readLambda } from "./display.ts";
import { nameOf } from "./fields.ts";
import { staticMismatch } from "./static-type.ts";
import { isV10Role } from "./to-item.ts";
import { shapeOfType, TypeProblem } from "./types.ts";

/** An item and the file it stands in. */
export interface FiledItem {
  readonly filename: string;
  readonly item: FslItem;
}

interface FiledProblem extends FslProblem {
  readonly filename: string;
}

/** Resources of roles besides the database's own collections and functions. */
const NATIVE_RESOURCES: ReadonlySet<string> = new Set(
  "Key Token Credential Credentials Database Collection Function Role AccessProvider".split(" "),
);
const BUILTIN_ROLES: ReadonlySet<string> = new Set([
  "client",
  "server",
  "admin",
  "server-readonly",
]);

/** Everything wrong with items whose expressions parse, each drawn under its file's text. */
export function schemaDrawings(
  transaction: Transaction,
  items: readonly FiledItem[],
  texts: ReadonlyMap<string, string>,
): string[] {
  const problems = problemsOf(transaction, items);
  return drawAll(problems, (problem) =>
    renderProblem(problem, problem.filename, texts.get(problem.filename) ?? ""),
  );
}

function problemsOf(transaction: Transaction, items: readonly FiledItem[]): FiledProblem[] {
  const stages = [fieldProblems, nameProblems];
  for (const stage of stages) {
    const problems = stage(items, transaction);
    if (problems.length > 0) return problems;
  }
  return [];
}

/** FQL in an item: each piece with whether it must be a lambda. */
function* expressionsOf(item: FslItem): Generator<readonly [Expression, "lambda" | "expression"]> {
  switch (item.kind) {
    case "function":
      yield [item.body, "expression"];
      return;
    case "collection":
      for (const member of item.members) {
        if (member.kind === "field" && member.default !== undefined)
          yield [member.default, "expression"];
        if (member.kind === "compute" || member.kind === "check") yield [member.body, "lambda"];
        if (member.kind !== "migrations") continue;
        for (const step of member.steps)
          if (step.kind === "backfill") yield [step.value, "expression"];
      }
      return;
    case "role":
      for (const member of item.members) {
        const predicates =
          member.kind === "membership"
            ? [member.predicate]
            : member.actions.map(({ predicate }) => predicate);
        for (const predicate of predicates)
          if (predicate !== undefined) yield [predicate, "lambda"];
      }
      return;
    case "access provider":
      for (const member of item.members) {
        if (member.kind === "role" && member.predicate !== undefined)
          yield [member.predicate, "lambda"];
      }
  }
}

/** What is wrong with the FQL inside `item`, at its place in the file. */
export function expressionProblems(items: readonly FiledItem[]): FiledProblem[] {
  return items.flatMap(({ filename, item }) =>
    [...expressionsOf(item)].flatMap(([expression, kind]) =>
      parseProblems(expression, kind).map((problem) => ({ ...problem, filename })),
    ),
  );
}

function parseProblems(expression: Expression, kind: "lambda" | "expression"): FslProblem[] {
  const source = { name: "*fsl*", text: expression.text };
  try {
    if (kind === "expression") parseExpression(source);
    else readLambda(expression.text, source.name);
    return [];
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error;
    const { start } = expression.span;
    return (error.options.problems ?? []).map(({ message, span }) => ({
      message,
      span: { start: start + span.start, end: start + span.end },
    }));
  }
}

/** Types of fields must exist and be storable, defaults must fit them. */
function fieldProblems(items: readonly FiledItem[]): FiledProblem[] {
  const collections = collectionNames(items);
  const find = (name: string) => (collections.has(name) ? { id: -1, name } : undefined);
  const problems: FiledProblem[] = [];
  for (const { filename, item } of items) {
    if (item.kind !== "collection") continue;
    for (const member of item.members) {
      if (member.kind === "wildcard" && printType(member.type) !== "Any") {
        problems.push({
          message: "Top-level wildcard must have type `Any`",
          span: member.type.span,
          filename,
        });
      }
      if (member.kind !== "field") continue;
      const problem = typeProblem(member.type, find) ?? defaultProblem(member.type, member.default);
      if (problem !== undefined) problems.push({ ...problem, filename });
    }
  }
  return problems;
}

function typeProblem(
  type: TypeExpr,
  find: Parameters<typeof shapeOfType>[1],
): FslProblem | undefined {
  try {
    shapeOfType(type, find);
    return undefined;
  } catch (error) {
    if (error instanceof TypeProblem) return error.problem;
    throw error;
  }
}

function defaultProblem(type: TypeExpr, value: Expression | undefined): FslProblem | undefined {
  if (value === undefined) return undefined;
  const mismatch = staticMismatch(parseExpression({ name: "*default*", text: value.text }), type);
  if (mismatch === undefined) return undefined;
  const span: Span = {
    start: value.span.start + mismatch.start,
    end: value.span.start + mismatch.end,
  };
  return { message: mismatch.message, span };
}

function collectionNames(items: readonly FiledItem[]): Set<string> {
  return namesOf(items, "collection");
}

/** Names and aliases of the items of a kind. */
function namesOf(items: readonly FiledItem[], kind: FslItem["kind"]): Set<string> {
  const names = items.flatMap(({ item }) =>
    item.kind === kind
      ? [
          item.name.text,
          ...item.annotations
            .filter(({ keyword }) => keyword === "alias")
            .map(({ value }) => value.text),
        ]
      : [],
  );
  return new Set(names);
}

/** Resources and roles that are named must be there, in files or made by v4. */
function nameProblems(items: readonly FiledItem[], transaction: Transaction): FiledProblem[] {
  const collections = collectionNames(items);
  const functions = new Set([...namesOf(items, "function"), ...v4Functions(transaction)]);
  const roles = new Set([...namesOf(items, "role"), ...v4Roles(transaction)]);
  const problems: FiledProblem[] = [];
  for (const { filename, item } of items) {
    if (item.kind === "role") {
      const isKnown = (name: string, isPrivilege: boolean) =>
        NATIVE_RESOURCES.has(name) || collections.has(name) || (isPrivilege && functions.has(name));
      const ordered = item.members.toSorted(
        (a, b) => Number(a.kind === "privileges") - Number(b.kind === "privileges"),
      );
      for (const { kind, resource } of ordered) {
        if (isKnown(resource.text, kind === "privileges")) continue;
        problems.push({
          message: `Resource \`${resource.text}\` does not exist`,
          span: resource.span,
          filename,
        });
      }
    } else if (item.kind === "access provider") {
      for (const member of item.members) {
        if (member.kind !== "role") continue;
        const { text, span } = member.role;
        if (BUILTIN_ROLES.has(text))
          problems.push({ message: `Builtin role \`${text}\` is not allowed`, span, filename });
        else if (!roles.has(text))
          problems.push({ message: `Role \`${text}\` does not exist`, span, filename });
      }
    }
  }
  return problems;
}

function v4Functions(transaction: Transaction): Set<string> {
  const functions = [...transaction.definitions.all(NATIVE.Function)].filter(
    ({ version }) => typeof version.fields.get("body") !== "string",
  );
  return new Set(functions.map(({ version }) => nameOf(version.fields)));
}

function v4Roles(transaction: Transaction): Set<string> {
  const roles = [...transaction.definitions.all(NATIVE.Role)].filter(
    ({ version }) => !isV10Role(version.fields),
  );
  return new Set(roles.map(({ version }) => nameOf(version.fields)));
}
