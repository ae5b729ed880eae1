/** Objects, and the functions of `Object`. */
import { displayText } from "../render/text.ts";
import { nullFailure } from "../interpreter/failures.ts";
import type { Context } from "../interpreter/context.ts";
import { allFields } from "../documents/read.ts";
import { Doc, isArray, isObject, Null, objectOf, type ObjectOf, type Value } from "../values.ts";
import { comparableFor } from "./base.ts";
import { on, param, type Signature, table } from "./table.ts";
import { any, array, object, string, struct } from "./tags.ts";
import { typeName } from "./type-name.ts";
import { QueryFailure } from "../failure.ts";

export const objectTable = table<ObjectOf>(
  {
    access: on(
      [param("key0", string)],
      (context, self, key) =>
        self.get(key) ?? new Null({ kind: "field", of: self, name: key, span: context.span }),
    ),
  },
  comparableFor(),
);

/** The fields of an object or document. */
function fieldsOf(context: Context, value: ObjectOf | Doc, name: string): ObjectOf {
  if (!(value instanceof Doc)) return value;
  const fields = allFields(context, value);
  if (!(fields instanceof Null)) return fields;
  const { message } = nullFailure(context, fields.cause, context.span);
  throw invalid(context, name, `${message.charAt(0).toLowerCase()}${message.slice(1)}`);
}

const invalid = (context: Context, name: string, reason: string): QueryFailure =>
  context.failure("invalid_argument", `invalid argument \`${name}\`: ${reason}`);

/** The value at a path of names, undefined if there is none. */
function select(context: Context, value: Value, path: readonly Value[]): Value | undefined {
  let here: Value | undefined = value;
  for (const step of path) {
    if (typeof step !== "string") throw invalid(context, "path", "expected an array of strings");
    here = here !== undefined && isObject(here) ? here.get(step) : undefined;
  }
  return here;
}

function fromEntries(context: Context, entries: readonly Value[]): ObjectOf {
  return objectOf(
    entries.map((entry, index) => {
      const saw = (reason: string) => invalid(context, "entries", `${reason} at index ${index}`);
      if (!isArray(entry)) {
        throw saw(
          `expected an array for each element of the outer array, but saw type ${typeName(entry)}`,
        );
      }
      const [key, value] = entry;
      if (entry.length !== 2 || key === undefined || value === undefined) {
        throw saw(`expected inner array of length 2 but saw length ${entry.length}`);
      }
      if (typeof key !== "string") {
        throw saw(
          `expected a string for the first element of each inner array, but saw type ${typeName(key)}`,
        );
      }
      return [key, value] as const;
    }),
  );
}

const target = param("object", object);
const path = [param("object", struct), param("path", array)] as const;

export const objectFunctions: Readonly<Record<string, Signature<unknown>>> = {
  keys: on([target], (context, _self, value) => [...fieldsOf(context, value, "object").keys()]),
  values: on([target], (context, _self, value) => [...fieldsOf(context, value, "object").values()]),
  entries: on([target], (context, _self, value) => [...fieldsOf(context, value, "object")]),
  fromEntries: on([param("entries", array)], (context, _self, entries) =>
    fromEntries(context, entries),
  ),
  assign: on(
    [param("destination", object), param("source", object)],
    (context, _self, destination, source) =>
      objectOf([
        ...fieldsOf(context, destination, "destination"),
        ...fieldsOf(context, source, "source"),
      ]),
  ),
  select: on(
    path,
    (context, _self, value, steps) =>
      select(context, value, steps) ??
      Null.element("no value in object found at path", context.span),
  ),
  hasPath: on(path, (context, _self, value, steps) => select(context, value, steps) !== undefined),
  toString: on([param("object", any)], (context, _self, value) => displayText(context, value)),
};
