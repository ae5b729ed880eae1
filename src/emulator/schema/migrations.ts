/**
 * Changes of a collection's fields while it has documents: what the `migrations` block must say
 * (recording `v10-schema/migrations`). Empty collections need no migrations; theirs must only make
 * sense (facts §6.7).
 */
import {
  type CollectionItem,
  type FslProblem,
  memberOf,
  membersOf,
  type MigrationStep,
  printType,
  type Span,
  type TypeExpr,
} from "../../fsl/fsl.ts";
import type { CollectionId } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { displaySource } from "./display.ts";
import { rewind, takesAnyField } from "./rewind.ts";
import { isSubtype } from "./subtype.ts";
import type { WayField } from "./way.ts";

const stepsOf = (item: CollectionItem | undefined): readonly MigrationStep[] =>
  item === undefined ? [] : (memberOf(item, "migrations")?.steps ?? []);

/** A step without its place and layout, for comparison. */
function stepKey(step: MigrationStep): string {
  switch (step.kind) {
    case "add":
    case "drop":
      return `${step.kind} ${step.field.text}`;
    case "backfill":
      return `backfill ${step.field.text} = ${displaySource(step.value.text)}`;
    case "move":
      return `move ${step.field.text} -> ${step.to.text}`;
    case "split":
      return `split ${step.field.text} -> ${step.to.map((path) => path.text).join(", ")}`;
    case "move_conflicts":
    case "move_wildcard":
      return `${step.kind} ${step.into.text}`;
    case "add_wildcard":
      return step.kind;
  }
}

/** The steps that `live` has not gone yet: `submitted` may begin with the last of those it has. */
export function stepsToGo(
  live: CollectionItem,
  submitted: CollectionItem,
): readonly MigrationStep[] {
  const done = stepsOf(live).map(stepKey);
  const steps = stepsOf(submitted);
  const keys = steps.map(stepKey);
  for (let count = keys.length; count > 0; count--) {
    const tail = done.slice(-count);
    if (tail.length === count && tail.every((key, index) => key === keys[index]))
      return steps.slice(count);
  }
  return steps;
}

/**
 * What is wrong with going from `live` to `submitted`; `live` is undefined for a collection without
 * documents, whose migrations need only be consistent.
 */
export function migrationProblems(
  live: CollectionItem | undefined,
  submitted: CollectionItem,
): FslProblem[] {
  if (live === undefined) return [...rewind(submitted, stepsOf(submitted)).problems];
  const origin = rewind(submitted, stepsToGo(live, submitted));
  if (origin.problems.length > 0) return [...origin.problems];
  const end = { start: submitted.span.end - 1, end: submitted.span.end };
  const liveFields = membersOf(live, "field").map(({ name, type }) => [name.text, type] as const);
  const problems = fieldProblems("", new Map(liveFields), origin.fields, end);
  const isOpen = takesAnyField(live);
  if (isOpen && !origin.hasWildcard) {
    problems.push({
      message: "Missing wildcard definition",
      span: end,
      hints: [hint("move_wildcard .conflicts")],
    });
  }
  if (!isOpen && origin.hasWildcard) problems.push(newWildcard(submitted));
  return problems;
}

function newWildcard(submitted: CollectionItem): FslProblem {
  const wildcard = memberOf(submitted, "wildcard");
  if (wildcard !== undefined) {
    return {
      message: "Wildcard was not present in the live schema",
      span: wildcard.span,
      hints: [hint("add_wildcard")],
    };
  }
  const message =
    "All fields from the live schema are dropped, reintroducing the implicit wildcard that requires an " +
    "`add_wildcard` migration. Are you sure you meant to do this?";
  return { message, span: { start: submitted.span.start, end: submitted.span.start + 1 } };
}

/** What of the live fields does not fit the fields that the steps start from; `end` is where hints have no better place. */
function fieldProblems(
  prefix: string,
  live: ReadonlyMap<string, TypeExpr>,
  origin: ReadonlyMap<string, WayField>,
  end: Span,
  isLoose = false,
): FslProblem[] {
  const problems: FslProblem[] = [];
  for (const [name, type] of live) {
    const path = `${prefix}.${name}`;
    const field = origin.get(name);
    if (field !== undefined) problems.push(...mismatches(path, type, field, end));
    else if (!isLoose) {
      problems.push({
        message: `Field \`${path}\` is missing from the submitted schema`,
        span: end,
        hints: [hint(`drop ${path}`)],
      });
    }
  }
  for (const [name, field] of origin) {
    if (live.has(name)) continue;
    const path = `${prefix}.${name}`;
    const message =
      field.source === "drop"
        ? `Field \`${path}\` was dropped but it doesn't exist in the live schema`
        : `Field \`${path}\` is not present in the live schema`;
    problems.push({
      message,
      span: field.span,
      hints: field.source === "drop" ? [] : [hint(`add ${path}`)],
    });
  }
  return problems;
}

function mismatches(path: string, live: TypeExpr, field: WayField, end: Span): FslProblem[] {
  const isObject = field.fields !== undefined && live.kind === "object" && !live.open;
  if (isObject && (live.wildcard === undefined) === (field.wildcard === undefined)) {
    const below = new Map(live.fields.map(({ name, type }) => [name.text, type]));
    return fieldProblems(path, below, field.fields, end, field.isLoose);
  }
  if (field.type === undefined || isSubtype(live, field.type)) return [];
  const message = `Field \`${path}\` of type \`${printType(field.type)}\` does not match the live type \`${printType(live)}\``;
  return [
    {
      message,
      span: field.source === "schema" ? field.type.span : field.span,
      hints: [hint(`split ${path} -> ${path}, .tmp`)],
    },
  ];
}

function hint(step: string) {
  return { message: `Provide a migration for this field: \`${step}\`` };
}

/** Whether a collection has documents. */
export function hasDocuments(transaction: Transaction, collection: CollectionId): boolean {
  for (const _ of transaction.documents(collection)) return true;
  return false;
}
