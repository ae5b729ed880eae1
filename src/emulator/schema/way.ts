/** The fields of a collection on the way from one schema to another: a tree, for paths lead into objects. */
import type { Expression, Span, TypeExpr } from "../../fsl/fsl.ts";
import { fieldPath } from "./documents.ts";

/** A field somewhere on the way. */
export interface WayField {
  /** Undefined when anything may be there. */
  readonly type: TypeExpr | undefined;
  /** Fields below it, if it is an object that says which it has. */
  readonly fields: Map<string, WayField> | undefined;
  /** The type of all other fields below it, if there may be others. */
  readonly wildcard: TypeExpr | undefined;
  /** Whether there may be more than `fields`: it was dropped as a whole. */
  readonly isLoose: boolean;
  readonly source: "schema" | "drop" | "split";
  readonly default: Expression | undefined;
  readonly span: Span;
}

/** The steps of a path in a migration, which has only names. */
export function pathSteps(path: Expression): string[] {
  return fieldPath(path.text).map(String);
}

/** A field of this type. */
export function wayField(type: TypeExpr, otherwise: Expression | undefined, span: Span): WayField {
  const fields =
    type.kind === "object" && !type.open
      ? new Map(
          type.fields.map((field) => [
            field.name.text,
            wayField(field.type, field.default, field.name.span),
          ]),
        )
      : undefined;
  const wildcard = type.kind === "object" ? type.wildcard : undefined;
  return { type, fields, wildcard, isLoose: false, source: "schema", default: otherwise, span };
}

/** The type of a field, as steps have changed what is below it. */
export function typeOfField(field: WayField): TypeExpr | undefined {
  const { type } = field;
  if (field.fields === undefined || type?.kind !== "object") return type;
  const fields = [...field.fields].flatMap(([name, inner]) => {
    const innerType = typeOfField(inner);
    return innerType === undefined
      ? []
      : [{ name: { text: name, span: inner.span }, type: innerType, default: inner.default }];
  });
  return { ...type, fields };
}

/** A field of which nothing is known but that it is gone later. */
export function droppedField(span: Span): WayField {
  return {
    type: undefined,
    fields: undefined,
    wildcard: undefined,
    isLoose: true,
    source: "drop",
    default: undefined,
    span,
  };
}

/** Whether null is of this type. */
export function isNullable(type: TypeExpr): boolean {
  if (type.kind === "any" || type.kind === "nullable") return true;
  if (type.kind === "name") return type.name === "Null";
  return type.kind === "union" && type.members.some(isNullable);
}

/** Whether a document without the field still has what its type asks for. */
export function isFilled(field: WayField): boolean {
  if (field.default !== undefined || field.type === undefined || isNullable(field.type))
    return true;
  return (
    field.fields !== undefined &&
    field.fields.size > 0 &&
    [...field.fields.values()].every(isFilled)
  );
}

/** Fields by path. */
export class Fields {
  readonly top = new Map<string, WayField>();

  get(path: readonly string[]): WayField | undefined {
    const [head = "", ...rest] = path;
    return rest.reduce<WayField | undefined>(
      (field, name) => field?.fields?.get(name),
      this.top.get(head),
    );
  }

  /** What the last step of `path` is in; undefined if that is no object. */
  parent(path: readonly string[]): Map<string, WayField> | undefined {
    let here: Map<string, WayField> | undefined = this.top;
    for (const name of path.slice(0, -1)) {
      const field: WayField | undefined = here?.get(name);
      // What was dropped as a whole could have held anything.
      if (field?.isLoose === true && field.fields === undefined) {
        const fields = new Map<string, WayField>();
        here?.set(name, { ...field, fields });
        here = fields;
      } else here = field?.fields;
    }
    return here;
  }

  /** Whether the field could be put there. */
  put(path: readonly string[], field: WayField): boolean {
    const parent = this.parent(path);
    parent?.set(path.at(-1) ?? "", field);
    return parent !== undefined;
  }

  delete(path: readonly string[]): void {
    this.parent(path)?.delete(path.at(-1) ?? "");
  }
}
