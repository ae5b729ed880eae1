/** References: to documents, to definitions by name, and to the native collections. */
import { isNamedKind, NATIVE } from "../../data/ids.ts";
import { DocRef } from "../../data/value.ts";
import { any, databaseRef, nothing, nullable, optional, string } from "../cast.ts";
import { fail, invalidArgument, together, wrongType } from "../failure.ts";
import { type Call, define, type Form, type Lifetime } from "../form.ts";
import { PURE, WRITE } from "../frame.ts";
import { documentId } from "../parse/reference.ts";
import type { Position } from "../position.ts";
import { databaseBehind, databaseOf, nativeRef, refIn, resolveName } from "../resolve.ts";
import {
  ForeignRef,
  type Literal,
  nativeCollectionOf,
  type NamedType,
  typeOf,
  UnresolvedRef,
  type AnyRef,
  bare,
} from "../value.ts";

function reference(
  { ref: collection, id, scope }: { ref: Literal; id: Literal; scope?: AnyRef | undefined },
  { frame, position }: Call,
): Literal {
  const { session } = frame;
  const [home, number] = together(2, (i) =>
    i === 0 ? collectionOf(collection, position.at("ref")) : documentId(id, position),
  ) as [AnyRef | UnresolvedRef, bigint];
  if (home instanceof UnresolvedRef) {
    return new UnresolvedRef("collection", home.name, number, home.database);
  }
  const database = scope ? databaseBehind(session, scope) : databaseOf(session, home);
  if (database === undefined) return fail(wrongType(["Database Ref"], "Ref", position.at("scope")));
  return refIn(session, database, new DocRef(Number(bare(home).id), number));
}

/** Documents of definitions have names, not ids. */
function collectionOf(value: Literal, position: Position): AnyRef | UnresolvedRef {
  if (value instanceof UnresolvedRef && value.type === "collection" && value.id === undefined) {
    return value;
  }
  if (
    !(value instanceof DocRef || value instanceof ForeignRef) ||
    bare(value).collection !== NATIVE.Collection
  ) {
    return fail(wrongType(["Collection Ref"], typeOf(value), position));
  }
  const number = nativeCollectionOf(bare(value));
  if (number !== undefined && isNamedKind(number)) {
    fail(invalidArgument("Regular Class Ref expected, Schema Class Ref provided.", position));
  }
  return value;
}

/** A definition by name, in this database or a child. */
function named(form: string, type: Exclude<NamedType, "key">, lifetime: Lifetime = {}): Form {
  return define(
    { [form]: string, scope: optional(databaseRef) },
    PURE,
    (args, { frame }) => {
      const { session } = frame;
      const name = args[form] as string;
      const scope = args["scope"];
      const database = scope === undefined ? session.database : databaseBehind(session, scope);
      return database === undefined
        ? new UnresolvedRef(type, name)
        : resolveName(session, type, name, database);
    },
    lifetime,
  );
}

/** A native collection, of this database or a child. */
function native(form: string, collection: number, lifetime: Lifetime = {}): Form {
  return define(
    { [form]: nullable(databaseRef, ["Database Ref"]) },
    PURE,
    (args, { frame, position }) => {
      const scope = args[form] as AnyRef | null;
      if (scope === null) return nativeRef(frame.session, collection);
      const database = databaseBehind(frame.session, scope);
      return database === undefined
        ? fail(wrongType(["Database Ref"], typeOf(scope), position.at("scope")))
        : nativeRef(frame.session, collection, database);
    },
    lifetime,
  );
}

/** A number that no document has had, as text. */
function newId(form: string): Form {
  return define({ [form]: nothing }, WRITE, (_, { frame }) =>
    String(frame.session.transaction.newId(NATIVE.Key)),
  );
}

const V4 = { since: "4" } as const;

export const refForms: readonly Form[] = [
  define({ ref: any, id: any, scope: optional(databaseRef) }, PURE, reference),
  named("database", "database"),
  named("index", "index"),
  named("class", "collection"),
  named("collection", "collection"),
  named("function", "function"),
  named("role", "role"),
  named("access_provider", "access_provider", V4),
  native("databases", NATIVE.Database),
  native("indexes", NATIVE.Index),
  native("classes", NATIVE.Collection),
  native("collections", NATIVE.Collection),
  native("keys", NATIVE.Key),
  native("tokens", NATIVE.Token),
  native("credentials", NATIVE.Credential),
  native("functions", NATIVE.Function),
  native("roles", NATIVE.Role),
  native("access_providers", NATIVE.AccessProvider, V4),
  newId("next_id"),
  newId("new_id"),
];
