/** Indexes of v4: sources, terms, values and computed bindings. */
import { isUserCollection, NATIVE } from "../../../data/ids.ts";
import {
  type Data,
  DocRef,
  isArrayData,
  isObjectData,
  mergeObjects,
  type ObjectData,
  StoredLambda,
} from "../../../data/value.ts";
import type { Binding, IndexField, IndexShape } from "../../../data/shape.ts";
import type { Transaction } from "../../../data/transaction.ts";
import { indexDropViolation, isProtected } from "../../../schema/protected.ts";
import { type FieldFailure, schemaInvalid } from "../../failure.ts";
import { PURE } from "../../frame.ts";
import type { Session } from "../../session.ts";
import { bindingOf, effectOf } from "../binding.ts";
import {
  dataField,
  invalidReference,
  invalidType,
  isFlag,
  isLong,
  nameField,
  optionalField,
  valueRequired,
} from "../field.ts";
import type { DefinitionWrite, Kind } from "./kind.ts";

/** Documents that an index takes in at once; more are left to a task (facts §7). */
const BUILD_AT_ONCE = 128;
const MAX_PARTITIONS = 8n;

const CHECKS = [
  nameField,
  dataField,
  sourceField,
  (fields: ObjectData) => partsField(fields, "terms"),
  (fields: ObjectData) => partsField(fields, "values"),
  optionalField("unique", "Boolean", isFlag),
  optionalField("serialized", "Boolean", isFlag),
  optionalField("partitions", "Long", isLong),
  partitionsField,
];

/** What an index is made of cannot be changed. */
const SHAPE = ["source", "terms", "values", "partitions"];

export const indexKind: Kind = {
  collection: NATIVE.Index,
  members: new Set([
    "name",
    "data",
    "source",
    "terms",
    "values",
    "unique",
    "serialized",
    "partitions",
  ]),
  retained: new Set(["active"]),
  kept: new Set(["name", "unique", ...SHAPE]),
  defaults: [
    ["active", false],
    ["serialized", true],
  ],
  validate: (fields, write) => [
    ...CHECKS.flatMap((check) => check(fields)),
    ...bindingFailures(fields, write),
  ],
  refuse: () => [],
  refuseDeletion({ frame, position }) {
    return isProtected(frame.session.transaction)
      ? [schemaInvalid(indexDropViolation().message, position)]
      : [];
  },
  complete(fields, write) {
    if (write.before !== undefined) return withSameShape(fields, write.before);
    const partitions = fields.get("partitions") ?? defaultPartitions(fields);
    return mergeObjects(
      fields,
      new Map<string, Data>([
        ["active", buildsAtOnce(write.frame.session.transaction, fields)],
        ["partitions", partitions],
      ]),
    );
  },
  written(fields, { frame, ref, before }) {
    const { transaction } = frame.session;
    const shape = shapeOf(frame.session, fields);
    if (before === undefined || before.get("unique") !== fields.get("unique")) {
      transaction.putIndex(ref.id, shape);
    }
    if (before === undefined && fields.get("active") !== true) activateLater(transaction, ref);
  },
  deleted({ frame, ref }) {
    frame.session.transaction.dropIndex(ref.id);
  },
};

function withSameShape(fields: ObjectData, before: ObjectData): ObjectData {
  const same = new Map(fields);
  for (const name of SHAPE) {
    const value = before.get(name);
    if (value === undefined) same.delete(name);
    else same.set(name, value);
  }
  return same;
}

function defaultPartitions(fields: ObjectData): bigint {
  const terms = partsOf(fields, "terms");
  return terms.length === 0 ? MAX_PARTITIONS : 1n;
}

// Sources ----------------------------------------------------------------------------------------

interface Source {
  readonly collection: Data | undefined;
  readonly bindings: ObjectData;
}

function sourcesOf(fields: ObjectData): Source[] {
  const source = fields.get("source");
  const items = isArrayData(source) ? source : source === undefined ? [] : [source];
  return items.map((item) => {
    if (!isObjectData(item)) return { collection: item, bindings: new Map() };
    const bindings = item.get("fields");
    return {
      collection: item.get("collection") ?? item.get("class"),
      bindings: isObjectData(bindings) ? bindings : new Map(),
    };
  });
}

function sourceField(fields: ObjectData): FieldFailure[] {
  const source = fields.get("source");
  if (source === undefined || source === null) return [valueRequired(["source"])];
  return sourcesOf(fields).flatMap(({ collection }) => {
    if (collection === "_") return [];
    if (!(collection instanceof DocRef)) {
      return [invalidType(["source"], collection ?? null, "SourceClass")];
    }
    const isCollection = collection.collection === NATIVE.Collection;
    if (!isCollection) return [invalidType(["source"], collection, "SourceClass")];
    return isUserCollection(Number(collection.id))
      ? []
      : [invalidReference(["source"], "Cannot read reference.")];
  });
}

function bindingFailures(fields: ObjectData, { frame }: DefinitionWrite): FieldFailure[] {
  return sourcesOf(fields).flatMap(({ bindings }, i) =>
    [...bindings].flatMap(([name, lambda], j): FieldFailure[] => {
      const field = ["source", String(i), "fields", String(j), name];
      if (!(lambda instanceof StoredLambda)) return [invalidType(field, lambda, "Query")];
      if (effectOf(frame.session, lambda) === PURE) return [];
      const description = "Field binding must be a pure unary function.";
      return [{ field, code: "invalid binding", description }];
    }),
  );
}

// Terms and values -------------------------------------------------------------------------------

function partsOf(fields: ObjectData, name: "terms" | "values"): readonly Data[] {
  const parts = fields.get(name);
  return isArrayData(parts) ? parts : parts === undefined ? [] : [parts];
}

function partsField(fields: ObjectData, name: "terms" | "values"): FieldFailure[] {
  return partsOf(fields, name).flatMap((part): FieldFailure[] => {
    if (!isObjectData(part)) return [invalidType([name], part, "Term")];
    if (!part.has("field") && !part.has("binding")) {
      const description = "Must provide one of the following: field, binding";
      return [{ field: ["field"], code: "value required", description }];
    }
    const transform = part.get("transform");
    if (transform === undefined || transform === "casefold") return [];
    if (typeof transform !== "string") return [invalidType(["transform"], transform, "String")];
    const description = `Invalid value \`${transform}\` at \`transform\``;
    return [{ field: ["transform"], code: "invalid value", description }];
  });
}

function partitionsField(fields: ObjectData): FieldFailure[] {
  const partitions = fields.get("partitions");
  if (typeof partitions !== "bigint" || (partitions >= 1n && partitions <= MAX_PARTITIONS))
    return [];
  const description = `Value ${partitions} is not in expected range 1 to ${MAX_PARTITIONS}.`;
  return [{ field: ["partitions"], code: "bounds error", description }];
}

// The index of the store -------------------------------------------------------------------------

/** The index that a definition describes. */
function shapeOf(session: Session, fields: ObjectData): IndexShape {
  const sources = sourcesOf(fields);
  const isOfAll = sources.some(({ collection }) => collection === "_");
  const bindings = bindingsOf(session, sources);
  const field = (part: Data): IndexField =>
    indexField(isObjectData(part) ? part : new Map(), bindings);
  return {
    sources: isOfAll ? "all" : new Set(sources.map(({ collection }) => numberOf(collection))),
    terms: partsOf(fields, "terms").map(field),
    values: partsOf(fields, "values").map(field),
    unique: fields.get("unique") === true,
    omitNullValues: true,
  };
}

function numberOf(collection: Data | undefined): number {
  return collection instanceof DocRef ? Number(collection.id) : -1;
}

/** Each binding, by the collections whose documents it computes. */
function bindingsOf(
  session: Session,
  sources: readonly Source[],
): Map<string, Map<number, Binding>> {
  const all = new Map<string, Map<number, Binding>>();
  for (const { collection, bindings } of sources) {
    for (const [name, lambda] of bindings) {
      if (!(lambda instanceof StoredLambda)) continue;
      const byCollection = all.get(name) ?? new Map<number, Binding>();
      byCollection.set(numberOf(collection), bindingOf(session.database, session.grammar, lambda));
      all.set(name, byCollection);
    }
  }
  return all;
}

function indexField(part: ObjectData, bindings: Map<string, Map<number, Binding>>): IndexField {
  const options = {
    explode: part.get("mva") !== false,
    reverse: part.get("reverse") === true,
    casefold: part.get("transform") === "casefold",
  };
  const binding = part.get("binding");
  if (typeof binding === "string") {
    return { from: bindings.get(binding) ?? (() => undefined), ...options };
  }
  const path = part.get("field");
  const steps = isArrayData(path) ? path : [path];
  const from = steps.map((step) => (typeof step === "string" ? step : Number(step)));
  return { from, ...options };
}

/** Whether the documents of the sources are so few that they are taken in at once. */
function buildsAtOnce(transaction: Transaction, fields: ObjectData): boolean {
  const source = fields.get("source");
  if (isArrayData(source) && source.length !== 1) return false;
  const [first] = sourcesOf(fields);
  if (first === undefined || first.collection === "_") return false;
  return transaction.database.store(numberOf(first.collection)).size <= BUILD_AT_ONCE;
}

/** The task that builds an index is over as soon as the query is; the definition changes with it (live 31). */
function activateLater(transaction: Transaction, ref: DocRef): void {
  const { database } = transaction;
  transaction.afterCommit(() => {
    database.cluster.transact(database, (later) => {
      const version = later.get(ref);
      if (version) later.replace(ref, new Map([...version.fields, ["active", true]]));
    });
  });
}
