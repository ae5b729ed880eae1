/**
 * What migrations do to the documents of a collection. Times of documents stay as they were (recording
 * `v10-schema/migrations`).
 */
import { type CollectionItem, membersOf, type MigrationStep } from "../../fsl/fsl.ts";
import type { CollectionId } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, isObjectData, type ObjectData } from "../data/value.ts";
import { displayPath, fieldPath } from "./documents.ts";
import { languageOf } from "./language.ts";
import { rewind } from "./rewind.ts";
import { isOfShape, type Shape } from "./shape.ts";
import { type FindCollection, shapeOfType } from "./types.ts";
import { pathSteps, type WayField, wayField } from "./way.ts";

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
