/**
 * Changes of a collection's fields while it has documents: what the `migrations` block must say, and
 * what it does to the documents (recording `v10-schema/migrations`). Times of documents stay as they
 * were. Empty collections need no migrations; theirs must only make sense (facts §6.7).
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
import { type Data, isObjectData, type ObjectData } from "../data/value.ts";
import { displaySource } from "./display.ts";
import { displayPath, fieldPath } from "./documents.ts";
import { languageOf } from "./language.ts";
import { rewind, takesAnyField } from "./rewind.ts";
import { isOfShape, type Shape } from "./shape.ts";
import { isSubtype } from "./subtype.ts";
import { type FindCollection, shapeOfType } from "./types.ts";
import { pathSteps, type WayField, wayField } from "./way.ts";

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

/** Takes the documents of a collection, their history included, along `steps` to the fields of `submitted`. */
export function migrate(
  transaction: Transaction,
  collection: CollectionId,
  submitted: CollectionItem,
  steps: readonly MigrationStep[],
  find: FindCollection,
): void {
  if (steps.length === 0) return;
  const plan = new Plan(transaction, submitted, steps, find);
  transaction.rewrite(collection, (_ref, fields) => {
    const data = fields.get("data");
    const migrated = plan.apply(isObjectData(data) ? data : new Map<string, Data>());
    const rest = [...fields].filter(([name]) => name !== "data");
    return new Map(migrated.size === 0 ? rest : [...rest, ["data", migrated]]);
  });
}

type Move = (data: Map<string, Data>, conflicts: Map<string, Data>) => Map<string, Data>;

class Plan {
  private readonly moves: readonly Move[];
  private readonly transaction: Transaction;
  private readonly submitted: CollectionItem;
  private readonly steps: readonly MigrationStep[];
  private readonly find: FindCollection;

  constructor(
    transaction: Transaction,
    submitted: CollectionItem,
    steps: readonly MigrationStep[],
    find: FindCollection,
  ) {
    this.transaction = transaction;
    this.submitted = submitted;
    this.steps = steps;
    this.find = find;
    this.moves = steps.flatMap((step, index) => this.moveOf(step, index) ?? []);
  }

  apply(data: ObjectData): ObjectData {
    const conflicts = new Map<string, Data>();
    return this.moves.reduce((state, move) => move(state, conflicts), new Map(data));
  }

  private moveOf(step: MigrationStep, index: number): Move | undefined {
    switch (step.kind) {
      case "add":
        return this.addition(step.field.text, index);
      case "drop":
        return (data) => without(data, step.field.text);
      case "move":
        return (data) => {
          const value = at(data, step.field.text);
          return value === undefined
            ? data
            : put(without(data, step.field.text), step.to.text, value);
        };
      case "split":
        return this.division(step, index);
      case "move_conflicts":
        return (data, conflicts) => gather(data, step.into.text, conflicts);
      case "move_wildcard":
        return this.wildcardMove(step.into.text, index);
      case "backfill":
      case "add_wildcard":
        return undefined;
    }
  }

  private addition(path: string, index: number): Move {
    const shape = this.shapeAfter(path, index);
    const value = this.fillingOf(path, index);
    return (data, conflicts) => {
      const known = at(data, path);
      if (known !== undefined && isOfShape(shape, known)) return data;
      if (known !== undefined) conflicts.set(String(fieldPath(path).at(-1)), known);
      const rest = known === undefined ? data : without(data, path);
      return value === null ? rest : put(rest, path, value);
    };
  }

  private division(step: Extract<MigrationStep, { kind: "split" }>, index: number): Move {
    const targets = step.to.map(({ text }) => ({
      path: text,
      shape: this.shapeAfter(text, index),
      value: this.fillingOf(text, index),
    }));
    return (data) => {
      const known = at(data, step.field.text) ?? null;
      const fitting =
        known === null
          ? undefined
          : (targets.find(({ shape }) => isOfShape(shape, known)) ?? targets.at(-1));
      return targets.reduce(
        (state, target) => {
          const value = target === fitting ? known : target.value;
          return value === null ? state : put(state, target.path, value);
        },
        without(data, step.field.text),
      );
    };
  }

  private wildcardMove(into: string, index: number): Move {
    const kept = new Set(rewind(this.submitted, this.steps.slice(index + 1)).fields.keys());
    return (data) => {
      const loose = new Map([...data].filter(([name]) => !kept.has(name)));
      if (loose.size === 0) return data;
      return gather(new Map([...data].filter(([name]) => kept.has(name))), into, loose);
    };
  }

  /** Where the field at `path` behind step `index` ends up, as the submitted schema has it; undefined if it goes. */
  private fieldAfter(path: string, index: number): WayField | undefined {
    let here = displayPath(path);
    for (const step of this.steps.slice(index + 1)) {
      if (!("field" in step) || displayPath(step.field.text) !== here) continue;
      if (step.kind === "drop" || step.kind === "split") return undefined;
      if (step.kind === "move") here = displayPath(step.to.text);
    }
    const [head = "", ...rest] = pathSteps({ text: here, span: this.submitted.span });
    const field = membersOf(this.submitted, "field").find(({ name }) => name.text === head);
    if (field === undefined) return undefined;
    return rest.reduce<WayField | undefined>(
      (inner, name) => inner?.fields?.get(name),
      wayField(field.type, field.default, field.span),
    );
  }

  private shapeAfter(path: string, index: number): Shape {
    const type = this.fieldAfter(path, index)?.type;
    return type === undefined ? { kind: "scalar", name: "Any" } : shapeOfType(type, this.find);
  }

  /** What a new field is filled with: its backfill, wherever it has moved by then, or else its default. */
  private fillingOf(path: string, index: number): Data {
    let here = displayPath(path);
    let source: string | undefined;
    for (const step of this.steps.slice(index + 1)) {
      if (!("field" in step) || displayPath(step.field.text) !== here) continue;
      if (step.kind === "backfill") source = step.value.text;
      if (step.kind === "move") here = displayPath(step.to.text);
    }
    source ??= this.fieldAfter(path, index)?.default?.text;
    if (source === undefined) return null;
    return languageOf(this.transaction.database.cluster).evaluate(this.transaction, source);
  }
}

function at(data: ObjectData, path: string): Data | undefined {
  return fieldPath(path).reduce<Data | undefined>(
    (value, step) => (isObjectData(value) ? value.get(String(step)) : undefined),
    data,
  );
}

function put(data: ObjectData, path: string, value: Data): Map<string, Data> {
  const write = (
    object: ObjectData,
    [head = "", ...rest]: readonly (string | number)[],
  ): Map<string, Data> => {
    const inner = object.get(String(head));
    const next =
      rest.length === 0
        ? value
        : write(isObjectData(inner) ? inner : new Map<string, Data>(), rest);
    return new Map(object).set(String(head), next);
  };
  return write(data, fieldPath(path));
}

function without(data: ObjectData, path: string): Map<string, Data> {
  const remove = (
    object: ObjectData,
    [head = "", ...rest]: readonly (string | number)[],
  ): Map<string, Data> => {
    const result = new Map(object);
    const inner = object.get(String(head));
    if (rest.length === 0) result.delete(String(head));
    else if (isObjectData(inner)) result.set(String(head), remove(inner, rest));
    return result;
  };
  return remove(data, fieldPath(path));
}

/** Puts loose fields into the object at `into`; names that are taken there get underscores before them. */
function gather(
  data: ObjectData,
  into: string,
  loose: ReadonlyMap<string, Data>,
): Map<string, Data> {
  if (loose.size === 0) return new Map(data);
  const known = at(data, into);
  const gathered = new Map<string, Data>(isObjectData(known) ? known : []);
  for (const [name, value] of loose) {
    let free = name;
    while (gathered.has(free)) free = `_${free}`;
    gathered.set(free, value);
  }
  return put(data, into, gathered);
}
