/**
 * Whether the migrations of a collection lead to its fields: run backwards from the submitted
 * fields, each step takes back what it does, and what is left is what the steps start from.
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

/** A field somewhere on the way: its type if that is known, and where it came from. */
interface WayField {
  readonly type: TypeExpr | undefined;
  readonly source: "schema" | "drop" | "split";
  readonly span: Span;
}

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

/** The name of a path with one step; nothing for deeper ones, which are not followed. */
export function topLevel(path: Expression): string | undefined {
  return /^\.([a-zA-Z_][a-zA-Z0-9_]*)$/.exec(path.text)?.[1];
}

/** Whether null is of this type. */
export function isNullable(type: TypeExpr): boolean {
  if (type.kind === "any" || type.kind === "nullable") return true;
  if (type.kind === "name") return type.name === "Null";
  return type.kind === "union" && type.members.some(isNullable);
}

/** Takes back `steps`, the last first, from the fields of `item`. */
export function rewind(item: CollectionItem, steps: readonly MigrationStep[]): Rewound {
  const way = new Way(item);
  for (const step of steps.toReversed()) way.undo(step);
  for (const [name, step] of way.backfills) {
    way.complain(
      `Field \`.${name}\` is backfilled without being declared by an \`add\` or \`split\` migration`,
      step.field.span,
    );
  }
  return { fields: way.fields, hasWildcard: way.hasWildcard, problems: way.problems };
}

class Way {
  readonly fields = new Map<string, WayField>();
  readonly problems: FslProblem[] = [];
  readonly backfills = new Map<string, Extract<MigrationStep, { kind: "backfill" }>>();
  hasWildcard: boolean;
  private readonly defaults = new Set<string>();

  constructor(item: CollectionItem) {
    for (const { name, type, default: otherwise } of membersOf(item, "field")) {
      this.fields.set(name.text, { type, source: "schema", span: name.span });
      if (otherwise !== undefined) this.defaults.add(name.text);
    }
    this.hasWildcard = takesAnyField(item);
  }

  complain(message: string, span: Span): void {
    this.problems.push({ message, span });
  }

  undo(step: MigrationStep): void {
    switch (step.kind) {
      case "add_wildcard":
        this.hasWildcard = false;
        return;
      case "move_wildcard":
        if (this.hasWildcard) {
          this.complain(
            "Cannot move wildcard, as there is still a wildcard in the submitted schema",
            step.span,
          );
        }
        this.hasWildcard = true;
        return;
      case "move_conflicts":
        if (!this.hasWildcard) {
          this.complain(
            "Cannot move wildcard conflicts, as there is no wildcard in the submitted schema",
            step.span,
          );
        }
        return;
      default:
        this.undoField(step);
    }
  }

  private undoField(step: Extract<MigrationStep, { field: Expression }>): void {
    const name = topLevel(step.field);
    if (name === undefined) return;
    const known = this.fields.get(name);
    const { span } = step.field;
    const shown = `\`${step.field.text}\``;
    switch (step.kind) {
      case "backfill":
        if (known === undefined)
          this.complain(
            `Cannot backfill field ${shown}, as it is not in the submitted schema`,
            span,
          );
        else if (this.backfills.has(name))
          this.complain(`Cannot backfill field ${shown} multiple times`, span);
        else this.backfills.set(name, step);
        return;
      case "add":
        if (known === undefined)
          this.complain(`Cannot add field, as ${shown} is not in the submitted schema`, span);
        else this.declare(name, known, span);
        this.fields.delete(name);
        return;
      case "drop":
        if (known !== undefined)
          this.complain(
            `Cannot drop field ${shown}. Dropped fields must be removed from schema`,
            span,
          );
        else this.fields.set(name, { type: undefined, source: "drop", span });
        return;
      case "move":
        return this.undoMove(step, name);
      case "split":
        return this.undoSplit(step, name);
    }
  }

  /** A field comes to be here: documents need a value for it. */
  private declare(name: string, field: WayField, span: Span): void {
    const isFilled = this.backfills.delete(name) || this.defaults.has(name);
    if (isFilled || field.type === undefined || isNullable(field.type)) return;
    this.complain(
      `Cannot declare non-nullable field \`.${name}\`: it has no default and no backfill value`,
      span,
    );
  }

  private undoMove(step: Extract<MigrationStep, { kind: "move" }>, name: string): void {
    const to = topLevel(step.to);
    if (to === undefined) return;
    const moved = this.fields.get(to);
    if (name === to) return this.complain("Cannot move a field to itself", step.field.span);
    if (moved === undefined) {
      return this.complain(
        `Cannot move field \`${step.field.text}\`, as it is not in the live schema`,
        step.field.span,
      );
    }
    const known = this.fields.get(name);
    if (known?.type !== undefined && !isNullable(known.type) && !this.defaults.has(name)) {
      return this.complain(
        `Cannot move field \`${step.field.text}\`, as it is in the submitted schema`,
        step.field.span,
      );
    }
    this.fields.delete(to);
    this.fields.set(name, { ...moved, span: step.field.span });
  }

  private undoSplit(step: Extract<MigrationStep, { kind: "split" }>, name: string): void {
    for (const target of step.to) {
      const targetName = topLevel(target);
      if (targetName === undefined) continue;
      const known = this.fields.get(targetName);
      if (known === undefined) {
        this.complain(
          `Cannot split field, as \`${target.text}\` is not in the submitted schema`,
          target.span,
        );
        continue;
      }
      this.declare(targetName, known, target.span);
      this.fields.delete(targetName);
    }
    if (this.fields.has(name)) {
      this.complain(
        "Cannot split field: field is still present in submitted schema",
        step.field.span,
      );
    }
    this.fields.set(name, { type: undefined, source: "split", span: step.field.span });
  }
}
