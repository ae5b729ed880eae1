/** Whether every value of one type is of another, as far as that shows in how they are written. */
import { printType, type TypeExpr } from "../../fsl/fsl.ts";

const WIDER: Readonly<Record<string, readonly string[]>> = {
  Int: ["Long", "Number"],
  Long: ["Number"],
  Double: ["Number"],
};

/** Whether documents whose field was of type `type` fit a field of type `wider`. */
export function isSubtype(type: TypeExpr, wider: TypeExpr): boolean {
  if (wider.kind === "any" || printType(type) === printType(wider)) return true;
  if (type.kind === "union") return type.members.every((member) => isSubtype(member, wider));
  if (type.kind === "nullable") {
    const isNull: TypeExpr = { kind: "name", name: "Null", span: type.span };
    return isSubtype(type.base, wider) && isSubtype(isNull, wider);
  }
  if (wider.kind === "union") return wider.members.some((member) => isSubtype(type, member));
  if (wider.kind === "nullable")
    return (type.kind === "name" && type.name === "Null") || isSubtype(type, wider.base);
  if (wider.kind === "name") return isBelow(type, wider.name);
  if (type.kind === "generic" && wider.kind === "generic") {
    return (
      type.name === wider.name && type.args.every((arg, i) => isSubtype(arg, wider.args[i] ?? arg))
    );
  }
  if (type.kind === "tuple" && wider.kind === "tuple") {
    return (
      type.elements.length === wider.elements.length &&
      type.elements.every((element, i) => isSubtype(element, wider.elements[i] ?? element))
    );
  }
  return type.kind === "object" && wider.kind === "object" && isNarrowerObject(type, wider);
}

function isBelow(type: TypeExpr, name: string): boolean {
  if (type.kind === "name") return type.name === name || (WIDER[type.name] ?? []).includes(name);
  if (type.kind === "object") return name === "Object";
  if (type.kind !== "literal") return false;
  const base = { string: "String", int: "Int", boolean: "Boolean" }[type.literal.kind];
  return base === name || (WIDER[base] ?? []).includes(name);
}

function isNarrowerObject(
  type: Extract<TypeExpr, { kind: "object" }>,
  wider: Extract<TypeExpr, { kind: "object" }>,
): boolean {
  const fields = new Map(type.fields.map((field) => [field.name.text, field.type]));
  const known = wider.fields.every((field) => {
    const own = fields.get(field.name.text);
    if (own !== undefined) return isSubtype(own, field.type);
    return (
      type.wildcard === undefined &&
      isSubtype({ kind: "name", name: "Null", span: type.span }, field.type)
    );
  });
  const names = new Set(wider.fields.map((field) => field.name.text));
  const extra = [...fields.keys()].some((name) => !names.has(name)) || type.wildcard !== undefined;
  return known && (!extra || wider.wildcard !== undefined || wider.open);
}
