/** What collections can do, the database's own and the users'. */
import { type CollectionId, NATIVE } from "../../data/ids.ts";
import { DocRef } from "../../data/value.ts";
import { collectionInfo, resourceOf } from "../documents/collection.ts";
import { toTerm } from "../documents/convert.ts";
import { createDefinition } from "../documents/definitions.ts";
import { createDoc } from "../documents/write.ts";
import { denied } from "../interpreter/failures.ts";
import type { Context } from "../interpreter/context.ts";
import type { CollectionIndex, CollectionSchema } from "../../schema/collection.ts";
import { type Bounds, IndexSet } from "../sets/documents.ts";
import { Doc, Id, isArray, isFunction, isObject, Long, Module, type Value } from "../values.ts";
import { baseFor } from "./base.ts";
import { firstWhere, where } from "./set.ts";
import {
  type Method,
  method,
  on,
  param,
  type Param,
  type Signature,
  table,
  type Table,
  wrongArgument,
} from "./table.ts";
import { any, doc, fn, id, string, struct } from "./tags.ts";

/** The documents of a collection, perhaps only those between two ids. */
function allOf(context: Context, module: Module, range?: Value): IndexSet {
  context.need("read", "`all`");
  const bounds = range === undefined ? undefined : boundsOf(context, range, 0);
  return new IndexSet({
    module,
    name: "all",
    terms: [],
    bounds,
    time: context.userTime,
    backwards: false,
  });
}

const invalidRange = (context: Context, reason: string) =>
  context.failure("invalid_argument", `invalid argument \`range\`: ${reason}`);

/** A `{ from, to }` for an index of so many covered values, as places in its order. */
function boundsOf(context: Context, range: Value, covered: number): Bounds {
  const config = isObject(range) && (range.has("from") || range.has("to")) ? range : undefined;
  if (config === undefined) {
    throw invalidRange(
      context,
      "should be an object contining `{ from }`, `{ to }`, or `{ from, to }` fields",
    );
  }
  const side = (name: "from" | "to") => {
    const value = config.get(name);
    return value === undefined ? undefined : placeOf(context, name, value, covered);
  };
  return { from: side("from"), to: side("to") };
}

function placeOf(
  context: Context,
  name: "from" | "to",
  value: Value,
  covered: number,
): readonly Value[] {
  if (covered === 0) {
    const number = value instanceof Doc ? value.id : id.cast(value);
    if (number === undefined)
      throw invalidRange(context, `The \`${name}\` field must be a document id.`);
    return [new Doc(0, number)];
  }
  // An array is a prefix of the covered values, except where there is just one, which may be an array itself.
  const places = isArray(value) && covered > 1 ? value : [value];
  const given = places.map((place) => (place instanceof Id ? new Long(place.value) : place));
  if (given.length > covered) {
    throw invalidRange(context, `The field \`${name}\` can have at most ${covered} values`);
  }
  for (const part of given) {
    if (toTerm(context, part) !== undefined) continue;
    throw invalidRange(
      context,
      `The \`${name}\` field should be either an indexable value or an array of values`,
    );
  }
  return given;
}

const collectionOf = (module: Module): CollectionId => module.collection ?? NATIVE.Collection;
const data = param("data", struct);
const pred = param("pred", fn);

/** What every collection can do. */
const anyCollectionTable: Table<Module> = table<Module>(
  {
    methods: {
      all: [
        on([], (context, self) => allOf(context, self)),
        on([param("range", any)], (context, self, range) => allOf(context, self, range)),
      ],
      where: on([pred], (context, self, predicate) =>
        where(context, allOf(context, self), predicate),
      ),
      firstWhere: on([pred], (context, self, predicate) =>
        firstWhere(context, allOf(context, self), predicate),
      ),
    },
  },
  baseFor(),
);

const documentOf = (context: Context, self: Module, number: bigint) =>
  new Doc(collectionOf(self), number, { readTime: context.userTime });

/** Collections whose documents have ids. */
const idCollectionTable = table<Module>(
  {
    apply: on([param("id", id)], documentOf),
    methods: {
      byId: on([param("id", id)], (context, self, number) => {
        context.need("read", "`byId`");
        return documentOf(context, self, number);
      }),
    },
  },
  anyCollectionTable,
);

/** Users' collections, but for their indexes. */
const userCollectionTable = table<Module>(
  {
    fields: {
      definition: (_context, self) => new Doc(NATIVE.Collection, BigInt(collectionOf(self))),
    },
    methods: {
      create: on([data], (context, self, fields) =>
        createDoc(context, collectionOf(self), "metadata", fields),
      ),
      createData: on([data], (context, self, fields) =>
        createDoc(context, collectionOf(self), "plain", fields),
      ),
    },
  },
  idCollectionTable,
);

function byIndex(index: CollectionIndex, schema: CollectionSchema): Method<Module> {
  const names = index.terms.map((_term, position): Param<Value> =>
    param(`term${position + 1}`, any),
  );
  const look = (
    context: Context,
    self: Module,
    terms: readonly Value[],
    range: Value | undefined,
  ) => {
    const info = collectionInfo(context, schema.id);
    if (info !== undefined && !context.auth.mayList(resourceOf(info))) {
      throw denied(context, `Insufficient privileges to read from collection ${info.name}.`);
    }
    const current = info?.schema?.indexes.get(index.name) ?? index;
    if (!current.queryable) {
      throw context.failure(
        "invalid_index_invocation",
        `The index \`${schema.name}.${index.name}\` is not queryable.`,
      );
    }
    for (const [position, term] of terms.entries()) {
      if (toTerm(context, term) !== undefined) continue;
      const reason = "Argument cannot be used as lookup term";
      throw context.failure(
        "invalid_argument",
        `invalid argument \`term${position + 1}\`: ${reason}`,
      );
    }
    const bounds = range === undefined ? undefined : boundsOf(context, range, index.values.length);
    return new IndexSet({
      module: self,
      name: index.name,
      terms,
      bounds,
      time: context.userTime,
      backwards: false,
    });
  };
  const signatures: Signature<Module>[] = [
    {
      params: names,
      run: (context, self, args) => look(context, self, args as readonly Value[], undefined),
    },
    {
      params: [...names, param("range", any)],
      run: (context, self, args) =>
        look(context, self, args.slice(0, -1) as readonly Value[], args.at(-1) as Value),
    },
  ];
  return method(index.name, signatures);
}

const tables = new WeakMap<CollectionSchema, Table<Module>>();

/** The module of a user's collection under the name it was asked for by. */
export function userCollection(schema: CollectionSchema, name: string): Module {
  let known = tables.get(schema);
  if (known === undefined) {
    const indexes = [...schema.indexes.values()].map(
      (index) => [index.name, byIndex(index, schema)] as const,
    );
    known = {
      ...userCollectionTable,
      methods: new Map([...indexes, ...userCollectionTable.methods]),
    };
    tables.set(schema, known);
  }
  const contains = (value: Value) => value instanceof Doc && value.collection === schema.id;
  return new Module(name, known, { collection: schema.id, contains });
}

/** What a reference into a deleted collection has as its collection. */
export const deletedCollection = new Module("Deleted", table<Module>({}, baseFor()), {
  contains: () => false,
});

const create = on([data], (context: Context, self: Module, fields) =>
  createDefinition(context, collectionOf(self), fields),
);

const schemaTable = table<Module>(
  {
    methods: {
      create,
      byName: on([param("name", string)], (context, self, name) => {
        context.need("read", "`byName`");
        const kind = collectionOf(self);
        const found = context.query.definitionNamed(kind, name);
        return found === undefined
          ? new Doc(kind, -1n, { name, readTime: context.userTime })
          : new Doc(kind, found.id, { name, readTime: context.userTime });
      }),
    },
  },
  anyCollectionTable,
);

const collectionTable = table<Module>(
  {
    fields: { Deleted: () => deletedCollection },
    apply: on([param("collection", string)], (context, _self, name) => {
      const found = context.query.userCollectionNamed(name);
      if (found !== undefined) return found;
      throw notYet(
        context,
        "collection",
        "A collection",
        name,
        context.query.isNewCollection(name),
      );
    }),
  },
  schemaTable,
);

const functionTable = table<Module>(
  {
    apply: on([param("function", string)], (context, _self, name) => {
      const found = context.query.userFunctionNamed(name);
      if (found !== undefined) return found;
      throw notYet(context, "function", "A function", name, context.query.isNewFunction(name));
    }),
  },
  schemaTable,
);

function notYet(context: Context, kind: string, what: string, name: string, isNew: boolean) {
  const message = `${what} cannot be created and used in the same query.`;
  return context.failure(
    "invalid_argument",
    `invalid argument \`${kind}\`: No such user ${kind} \`${name}\`.`,
    {
      hints: isNew ? [{ message, span: context.span }] : [],
    },
  );
}

const secretTable = table<Module>({ methods: { create } }, idCollectionTable);

const tokenTable = table<Module>(
  {
    methods: {
      byDocument: on([param("document", doc)], (context, self, document) => {
        context.need("read", "`byDocument`");
        const origin = { name: "byDocument", terms: [document], bounds: undefined };
        return new IndexSet({ module: self, ...origin, time: context.userTime, backwards: false });
      }),
    },
  },
  secretTable,
);

const credentialTable = table<Module>(
  {
    methods: {
      byDocument: on([param("document", any)], (context, self, document) => {
        context.need("read", "`byDocument`");
        if (!(document instanceof Doc)) throw wrongArgument(context, "document", "Doc", document);
        for (const { ref, version } of context.query.transaction.documents(NATIVE.Credential)) {
          const owner = version.fields.get("instance") ?? version.fields.get("document");
          const isOwn =
            owner instanceof DocRef &&
            owner.id === document.id &&
            owner.collection === document.collection;
          if (isOwn) return new Doc(collectionOf(self), ref.id);
        }
        return new Doc(collectionOf(self), -1n);
      }),
    },
  },
  secretTable,
);

const native = (name: keyof typeof NATIVE, methods: Table<Module>): Module => {
  const collection = NATIVE[name];
  const isOwn = (value: Value) => value instanceof Doc && value.collection === collection;
  const contains =
    name === "Function" ? (value: Value) => isFunction(value) || isOwn(value) : isOwn;
  return new Module(name, methods, { collection, contains });
};

/** The database's own collections. */
export const nativeCollections: ReadonlyMap<CollectionId, Module> = new Map(
  [
    native("Collection", collectionTable),
    native("Function", functionTable),
    native("Role", schemaTable),
    native("AccessProvider", schemaTable),
    native("Database", schemaTable),
    native("Key", secretTable),
    native("Token", tokenTable),
    native("Credential", credentialTable),
  ].map((module) => [collectionOf(module), module]),
);
