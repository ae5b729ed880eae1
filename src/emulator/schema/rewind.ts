/**
 * Whether the migrations of a collection lead to its fields: run backwards from the submitted
 * fields, each step takes back what it does, and what is left is what the steps start from. The
 * rules and words are those of Fauna's migration validator.
 */
import {
  type CollectionItem,
  type Expression,
  type FslProblem,
  membersOf,
  type MigrationStep,
  type Span,
  type TypeExpr,
} from "../../fsl/fsl.ts";
import { parseExpression } from "../fql10/parser/parser.ts";
import { displayPath } from "./documents.ts";
import { staticMismatch } from "./static-type.ts";
import {
  droppedField,
  Fields,
  isFilled,
  isNullable,
  pathSteps,
  typeOfField,
  type WayField,
  wayField,
} from "./way.ts";

export interface Rewound {
  /** Top-level fields that the steps start from. */
  readonly fields: ReadonlyMap<string, WayField>;
  /** Whether the steps start from a collection that takes any field. */
  readonly hasWildcard: boolean;
  readonly problems: readonly FslProblem[];
}

/** Whether a collection takes fields that it does not define. */
export function takesAnyField(item: CollectionItem): boolean {
  return membersOf(item, "wildcard").length > 0 || membersOf(item, "field").length === 0;
}

/** Takes back `steps`, the last first, from the fields of `item`. */
export function rewind(item: CollectionItem, steps: readonly MigrationStep[]): Rewound {
  const way = new Way(item);
  for (const step of steps.toReversed()) way.undo(step);
  for (const [path, { field }] of way.backfills) {
    way.complain(
      `Field \`${path}\` is backfilled without being declared by an \`add\` or \`split\` migration`,
      field.span,
    );
  }
  return { fields: way.fields.top, hasWildcard: way.hasWildcard, problems: way.problems };
}

type Backfill = Extract<MigrationStep, { kind: "backfill" }>;

class Way {
  readonly fields = new Fields();
  readonly problems: FslProblem[] = [];
  readonly backfills = new Map<string, Backfill>();
  hasWildcard: boolean;
  /** Whether a later step gathers what is in the way of new fields. */
  private gathersConflicts = false;

  constructor(item: CollectionItem) {
    for (const { name, type, default: otherwise } of membersOf(item, "field")) {
      this.fields.top.set(name.text, wayField(type, otherwise, name.span));
    }
    this.hasWildcard = takesAnyField(item);
  }

  complain(message: string, span: Span): void {
    this.problems.push({ message, span });
  }

  undo(step: MigrationStep): void {
    switch (step.kind) {
      case "add_wildcard":
        if (!this.hasWildcard)
          this.complain("Cannot add wildcard, as the submitted schema lacks a wildcard", step.span);
        this.hasWildcard = false;
        return;
      case "move_wildcard":
        if (this.hasWildcard) {
          this.complain(
            "Cannot move wildcard, as there is still a wildcard in the submitted schema",
            step.span,
          );
        }
        this.checkGathering(step.into);
        this.hasWildcard = true;
        this.gathersConflicts = true;
        return;
      case "move_conflicts":
        if (!this.hasWildcard) {
          this.complain(
            "Cannot move wildcard conflicts, as there is no wildcard in the submitted schema",
            step.span,
          );
        }
        this.checkGathering(step.into);
        this.gathersConflicts = true;
        return;
      case "backfill":
        return this.undoBackfill(step);
      case "add":
        return this.undoAdd(step.field);
      case "drop":
        return this.undoDrop(step.field);
      case "move":
        return this.undoMove(step);
      case "split":
        return this.undoSplit(step);
    }
  }

  private checkGathering(into: Expression): void {
    if (this.fields.get(pathSteps(into)) !== undefined) return;
    this.complain(
      `Cannot move wildcard conflicts to field \`${into.text}\`, as it is not in the submitted schema`,
      into.span,
    );
  }

  private undoBackfill(step: Backfill): void {
    const known = this.fields.get(pathSteps(step.field));
    const path = displayPath(step.field.text);
    const { span } = step.field;
    if (known === undefined) {
      this.complain(
        `Cannot backfill field \`${path}\`, as it is not in the submitted schema`,
        span,
      );
    } else if (this.backfills.has(path))
      this.complain(`Cannot backfill field \`${path}\` multiple times`, span);
    else {
      this.checkValue(step.value, typeOfField(known));
      this.backfills.set(path, step);
    }
  }

  private checkValue(value: Expression, type: TypeExpr | undefined): void {
    if (type === undefined) return;
    const mismatch = staticMismatch(
      parseExpression({ name: "*backfill*", text: value.text }),
      type,
    );
    if (mismatch === undefined) return;
    const { start } = value.span;
    this.complain(mismatch.message, { start: start + mismatch.start, end: start + mismatch.end });
  }

  private undoAdd(field: Expression): void {
    const path = pathSteps(field);
    const known = this.fields.get(path);
    if (known === undefined) {
      return this.complain(
        `Cannot add field, as \`${field.text}\` is not in the submitted schema`,
        field.span,
      );
    }
    this.declare(field, known);
    const isInTheWay = this.hasWildcard && path.length === 1 && !this.gathersConflicts;
    if (isInTheWay && known.type !== undefined && known.type.kind !== "any") {
      this.complain(
        `Cannot add field, as \`${field.text}\` conflicts with the wildcard`,
        field.span,
      );
    }
    this.fields.delete(path);
  }

  /** A field comes to be here: documents need a value for it. */
  private declare(field: Expression, known: WayField): void {
    const path = displayPath(field.text);
    if (this.backfills.delete(path) || isFilled(known)) return;
    this.complain(
      `Cannot declare non-nullable field \`${path}\`: it has no default and no backfill value`,
      known.span,
    );
  }

  private undoDrop(field: Expression): void {
    const path = pathSteps(field);
    const known = this.fields.get(path);
    if (known !== undefined) {
      return this.complain(
        `Cannot drop field \`${field.text}\`. Dropped fields must be removed from schema`,
        field.span,
      );
    }
    if (this.fields.put(path, droppedField(field.span))) return;
    const holder = this.fields.get(path.slice(0, -1));
    const why =
      holder === undefined ? "the parent object was removed" : "the parent is not an object";
    this.complain(`Cannot drop field \`${field.text}\`, as ${why}`, field.span);
  }

  private undoMove(step: Extract<MigrationStep, { kind: "move" }>): void {
    const [from, to] = [pathSteps(step.field), pathSteps(step.to)];
    const shown = `\`${step.field.text}\``;
    const moved = this.fields.get(to);
    if (from.join(".") === to.join("."))
      return this.complain("Cannot move a field to itself", step.field.span);
    if (moved === undefined)
      return this.complain(
        `Cannot move field ${shown}, as it is not in the live schema`,
        step.field.span,
      );
    const known = this.fields.get(from);
    if (known?.type !== undefined && !isNullable(known.type) && known.default === undefined) {
      this.complain(
        `Cannot move field ${shown}, as it is in the submitted schema`,
        step.field.span,
      );
    }
    this.fields.delete(to);
    if (!this.fields.put(from, { ...moved, span: step.field.span })) {
      this.complain(
        `Cannot move field ${shown}, as the parent object was removed.`,
        step.field.span,
      );
    }
    const backfill = this.backfills.get(displayPath(step.to.text));
    if (backfill === undefined) return;
    this.backfills.delete(displayPath(step.to.text));
    this.backfills.set(displayPath(step.field.text), backfill);
  }

  private undoSplit(step: Extract<MigrationStep, { kind: "split" }>): void {
    const source = pathSteps(step.field);
    const types: TypeExpr[] = [];
    let isKnown = true;
    for (const target of step.to) {
      const path = pathSteps(target);
      const known = this.fields.get(path);
      if (known === undefined) {
        this.complain(
          `Cannot split field, as \`${target.text}\` is not in the submitted schema`,
          target.span,
        );
        isKnown = false;
        continue;
      }
      if (known.type === undefined) isKnown = false;
      else types.push(known.type);
      this.declare(target, known);
      this.fields.delete(path);
    }
    if (this.fields.get(source) !== undefined) {
      this.complain(
        "Cannot split field: field is still present in submitted schema",
        step.field.span,
      );
    }
    const { span } = step.field;
    const members: TypeExpr[] = [...types, { kind: "name", name: "Null", span }];
    const type: TypeExpr | undefined = isKnown ? { kind: "union", members, span } : undefined;
    this.fields.put(source, { ...droppedField(span), source: "split", type, isLoose: false });
  }
}
