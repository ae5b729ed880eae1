/** The names that every query finds: modules, and functions without one. */
import { LocalDate } from "../../../values/date.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import { QueryFailure } from "../failure.ts";
import { displayText, debugText } from "../render/text.ts";
import { ValueSet } from "../sets/set.ts";
import {
  Doc,
  Double,
  EventSource,
  Id,
  Int,
  isArray,
  isNumber,
  isObject,
  Long,
  Module,
  NativeFunction,
  Null,
  SetCursor,
  TRANSACTION_TIME,
  TransactionTime,
  type Value,
} from "../values.ts";
import { arraySequence } from "./array.ts";
import { baseFor } from "./base.ts";
import { checkCallback } from "./callbacks.ts";
import { nativeCollections } from "./collection.ts";
import { dateFromText, dateFunctions } from "./date.ts";
import { mathFields, mathFunctions } from "./math.ts";
import { objectFunctions } from "./object.ts";
import { queryFunctions } from "./query.ts";
import { bytesFromText } from "./scalars.ts";
import { setFunctions } from "./set.ts";
import { bind, method, on, onAll, param, type Signature, table, type TableParts } from "./table.ts";
import { any, fn, id } from "./tags.ts";
import { timeFromText, timeFunctions } from "./time.ts";
import { schemaFunctions } from "./schema.ts";

type Parts = TableParts<Module>;

const module = (
  name: string,
  contains: ((value: Value) => boolean) | undefined,
  parts: Parts = {},
) => new Module(name, table<Module>(parts, baseFor()), contains === undefined ? {} : { contains });

const idOf = on([param("id", any)], (context, _self, value) => {
  const cast = typeof value === "string" || isNumber(value) ? id.cast(value) : undefined;
  if (cast !== undefined) return new Id(cast);
  if (typeof value !== "string" && !isNumber(value)) {
    throw context.failure(
      "invalid_argument",
      "expected arguments to `apply` of type (String) | (Number), received ()",
    );
  }
  throw context.failure("invalid_id", `\`${debugText(context, value)}\` is not a valid ID.`);
});

const asModule = (
  functions: Readonly<Record<string, Signature<unknown> | readonly Signature<unknown>[]>>,
) => functions as NonNullable<Parts["methods"]>;

const modules: readonly Module[] = [
  module("Array", isArray, { methods: asModule({ sequence: arraySequence }) }),
  module("Boolean", (value) => typeof value === "boolean"),
  module("Bytes", (value) => value instanceof Uint8Array, {
    apply: bytesFromText as Signature<Module>,
    methods: asModule({ fromBase64: bytesFromText }),
  }),
  module("Date", (value) => value instanceof LocalDate, {
    apply: dateFromText as Signature<Module>,
    methods: asModule(dateFunctions),
  }),
  module("ID", (value) => value instanceof Id, { apply: idOf as Signature<Module> }),
  module("Doc", (value) => value instanceof Doc),
  module("Math", undefined, { fields: mathFields, methods: asModule(mathFunctions) }),
  module("Null", (value) => value instanceof Null),
  module("Number", isNumber),
  module("Int", (value) => value instanceof Int),
  module("Long", (value) => value instanceof Long),
  module("Double", (value) => value instanceof Double),
  module("Float", (value) => value instanceof Double),
  module("Object", (value) => isObject(value) || value instanceof Doc, {
    methods: asModule(objectFunctions),
  }),
  module("Set", (value) => value instanceof ValueSet, { methods: asModule(setFunctions) }),
  module("SetCursor", (value) => value instanceof SetCursor),
  module("EventSource", (value) => value instanceof EventSource),
  module("String", (value) => typeof value === "string"),
  module("Struct", isObject),
  module("Time", (value) => value instanceof Time, {
    apply: timeFromText as Signature<Module>,
    methods: asModule(timeFunctions),
  }),
  module("TransactionTime", (value) => value instanceof TransactionTime, {
    apply: on([], () => TRANSACTION_TIME),
  }),
  module("UUID", (value) => value instanceof Uuid),
  module("Query", undefined, { methods: asModule(queryFunctions) }),
  ...nativeCollections.values(),
];

const order = (name: "asc" | "desc"): Signature<unknown> =>
  on(
    [param("accessor", fn)],
    (context, _self, accessor) =>
      new Map([[name, checkCallback(context, "accessor", 1, accessor)]]),
  );

/** Functions that stand for themselves. */
const functions: Readonly<Record<string, Signature<unknown>>> = {
  log: onAll(param("args", any), (context, _self, messages) => {
    context.query.log({
      name: "info",
      message: messages.map((message) => displayText(context, message)).join(" "),
      span: context.span,
      short: true,
    });
    return Null.literal(context.span);
  }),
  dbg: on([param("value", any)], (context, _self, value) => {
    context.query.log({ name: "info", message: debugText(context, value), span: context.span });
    return value;
  }),
  asc: order("asc"),
  desc: order("desc"),
  newId: on([], (context) => {
    context.need("observation", "`newId`");
    return new Id(context.query.newId());
  }),
  abort: on([param("return", any)], (context, _self, value): Value => {
    throw new QueryFailure("abort", "Query aborted.", { trace: context.trace, abort: { value } });
  }),
};

const evalV4: Signature<unknown> = on([param("expr", any)], (context): Value => {
  throw context.failure(
    "invalid_function_invocation",
    "The function `evalV4` does not exist on `FQL`",
  );
});

const bound = Object.entries(functions).map(([name, signature]): [string, NativeFunction] => [
  name,
  bind(method(name, signature), undefined),
]);

/** All names by themselves, `FQL` aside. */
const plain: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...modules.map((one): [string, Value] => [one.name, one]),
  ...[...nativeCollections.values()]
    .filter(({ name }) => name === "Credential")
    .map((one): [string, Value] => ["Credentials", one]),
  ...bound,
]);

const fields: Parts["fields"] = Object.fromEntries(
  [...plain].map(([name, value]) => [name, () => value]),
);

/** The module that holds all the others, and what is not yet global. */
export const FQL = module("FQL", undefined, {
  fields: { ...fields, Schema: () => Schema },
  methods: asModule({ ...functions, evalV4 }),
});

const Schema = module("Schema", undefined, { methods: asModule(schemaFunctions) });

/** The value of a global name that every database has. */
export const builtIn = (name: string): Value | undefined =>
  name === "FQL" ? FQL : plain.get(name);
