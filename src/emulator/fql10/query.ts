/** One run of a query: its transaction, its costs, its log, and the names its database defines. */
import type { Auth } from "../auth/auth.ts";
import type { Database } from "../data/database.ts";
import { type CollectionId, isUserCollection, NATIVE, type NamedKind } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { type Data, DocRef, StoredLambda } from "../data/value.ts";
import type { Version } from "../data/version.ts";
import { Budget } from "../limits/budget.ts";
import { collectionSchema } from "../schema/collection.ts";
import { pinnedTime } from "../schema/pin.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { fromData, toTerm } from "./documents/convert.ts";
import { compileLambda } from "./interpreter/compile.ts";
import { apply } from "./interpreter/evaluate.ts";
import { denied } from "./interpreter/failures.ts";
import type { Context } from "./interpreter/context.ts";
import { loadTables } from "./modules/all.ts";
import { deletedCollection, nativeCollections, userCollection } from "./modules/collection.ts";
import { builtIn, FQL } from "./modules/globals.ts";
import { typeName } from "./modules/type-name.ts";
import { type Neighbours, NO_NEIGHBOURS } from "./neighbours.ts";
import type { Name } from "./source.ts";
import { arityOf, type Func, Lambda, Module, UserFunction, type Value } from "./values.ts";

const textOf = (data: Data | undefined): string => (typeof data === "string" ? data : "");

/** About what a line of the log takes besides its message, in characters. */
const LOG_LINE = 256;

const functions = new WeakMap<Version, Lambda>();

loadTables();

const running = new WeakMap<Transaction, Query>();

export class Query {
  /** What runs in a transaction already, so that all its parts share their time and log; else a new one. */
  static within(transaction: Transaction, neighbours?: Neighbours): Query {
    return running.get(transaction) ?? new Query(transaction, neighbours);
  }

  readonly transaction: Transaction;
  readonly #budget = new Budget();
  readonly #neighbours: Neighbours;
  readonly #logs: Diagnostic[] = [];
  readonly #globals = new Map<string, Value | undefined>();
  readonly #written = new Map<CollectionId, "collection" | "document">();
  #definedAt: Context | undefined;

  constructor(transaction: Transaction, neighbours: Neighbours = NO_NEIGHBOURS) {
    this.transaction = transaction;
    this.#neighbours = neighbours;
    running.set(transaction, this);
  }

  /** The time of the transaction, µs. */
  get now(): bigint {
    return this.transaction.now;
  }

  /** What `log()` and `dbg()` said. */
  get logs(): readonly Diagnostic[] {
    return this.#logs;
  }

  /** Function calls so far, by which Fauna counts compute. */
  get steps(): number {
    return this.#budget.steps;
  }

  get isTypechecked(): boolean {
    return this.#inherited("typechecked") ?? true;
  }

  get isProtected(): boolean {
    return this.#inherited("protected") ?? false;
  }

  /** What the nearest of the database and its ancestors says that says anything. */
  #inherited(name: string): boolean | undefined {
    for (
      let here: Database | undefined = this.transaction.database;
      here !== undefined;
      here = here.parent
    ) {
      const value = here.fields.get(name);
      if (typeof value === "boolean") return value;
    }
    return undefined;
  }

  /** Calls a function. Here so that what reads documents need not know the interpreter, which reads documents. */
  apply(context: Context, fn: Func, args: readonly Value[]): Value {
    return apply(context, fn, args);
  }

  /** Notes a line for the answer's summary. @throws Exhausted when it gets too long */
  log(diagnostic: Diagnostic): void {
    this.show(diagnostic.message.length + LOG_LINE);
    this.#logs.push(diagnostic);
  }

  /** Counts a step. @throws Exhausted once the request's deadline has passed. */
  tick(): void {
    this.#budget.step();
  }

  /** Counts the making of a value of so many members. @throws Exhausted when time or memory are used up. */
  make(slots: number): void {
    this.#budget.make(slots);
  }

  /** Counts text that becomes part of the answer. @throws Exhausted when time or memory are used up. */
  show(units: number): void {
    this.#budget.show(units);
  }

  /** Runs `match`, which uses `pattern` on a text of `length`. @throws Exhausted if it takes too long. */
  matching<T>(pattern: RegExp, length: number, match: () => T): T {
    return this.#budget.matching(pattern, length, match);
  }

  newId(): bigint {
    return this.transaction.newId(NATIVE.Key);
  }

  /** The document as of `at`, µs; undefined if it is not there. */
  read(ref: DocRef, at: bigint | undefined): Version | undefined {
    return ref.id < 0n ? undefined : this.transaction.get(ref, at);
  }

  /** @throws QueryFailure if a collection and its documents would both be written in this query. */
  noteWrite(context: Context, collection: CollectionId, what: "collection" | "document"): void {
    const before = this.#written.get(collection);
    if (before === undefined) this.#written.set(collection, what);
    else if (before !== what) {
      throw context.failure(
        "invalid_write",
        "Cannot modify a document and its collection in the same query.",
      );
    }
  }

  /** Remembers where the schema was changed last: what is wrong with it as a whole is said there. */
  noteDefinition(context: Context): void {
    this.#definedAt = context;
  }

  /** Where the schema was changed last; undefined if it was not. */
  get definedAt(): Context | undefined {
    return this.#definedAt;
  }

  // Names ----------------------------------------------------------------------------------------

  /** The value of a global name; undefined if there is none. */
  global(name: string): Value | undefined {
    if (this.#globals.has(name)) return this.#globals.get(name);
    const value = builtIn(name) ?? this.#defined(name);
    this.#globals.set(name, value);
    return value;
  }

  /** As {@link global}. @throws QueryFailure `unbound_variable` */
  named(context: Context, name: string): Value {
    const value =
      this.global(name) ?? (name === deletedCollection.name ? deletedCollection : undefined);
    if (value !== undefined) return value;
    throw context.failure("unbound_variable", `Unbound variable \`${name}\``);
  }

  /** A field of a module that its table does not have. */
  moduleField(module: Module, { text }: Name): Value | undefined {
    return module === FQL ? this.#defined(text) : undefined;
  }

  userCollectionNamed(name: string): Module | undefined {
    const value = this.#defined(name);
    return value instanceof Module ? value : undefined;
  }

  userFunctionNamed(name: string): UserFunction | undefined {
    const value = this.#defined(name);
    return value instanceof UserFunction ? value : undefined;
  }

  isNewCollection(name: string): boolean {
    return this.transaction.definitions.find(NATIVE.Collection, name) !== undefined;
  }

  isNewFunction(name: string): boolean {
    return this.transaction.definitions.find(NATIVE.Function, name) !== undefined;
  }

  /** The definition of that kind and name (aliases do not count); staged ones show. */
  definitionNamed(kind: CollectionId, name: string): DocRef | undefined {
    const found = this.transaction.definitions.find(kind as NamedKind, name);
    return found?.version.fields.get("name") === name ? found.ref : undefined;
  }

  /** What stands for a collection as the `coll` of its documents. */
  collectionModule(id: CollectionId): Module {
    if (!isUserCollection(id)) return nativeCollections.get(id) ?? deletedCollection;
    const schema = collectionSchema(this.transaction, id);
    return schema === undefined ? deletedCollection : userCollection(schema, schema.name);
  }

  /** A user's collection or function. What this query itself defines is not there yet. */
  #defined(name: string): Value | undefined {
    const before = pinnedTime(this.transaction) ?? this.now - 1n;
    const found = this.transaction.definitions.findModule(name, before);
    if (found === undefined) return undefined;
    const { ref, version } = found;
    if (ref.collection === NATIVE.Function) return this.#function(ref, version, name);
    const schema = collectionSchema(this.transaction, Number(ref.id));
    return schema === undefined ? undefined : userCollection(schema, name);
  }

  // Functions ------------------------------------------------------------------------------------

  #function(ref: DocRef, version: Version, called: string): UserFunction {
    const { fields } = version;
    const name = textOf(fields.get("name"));
    const body = fields.get("body");
    const authOf = (context: Context): Auth => {
      const role = fields.get("role");
      const roleName = role instanceof DocRef ? this.transaction.definitions.nameOf(role) : role;
      return typeof roleName === "string" ? context.auth.as(roleName) : context.auth;
    };
    const check = (context: Context, args: readonly Value[]) => {
      if (!context.computes)
        throw context.failure("invalid_effect", `\`${called}\` cannot be called to index a field.`);
      const subject = () => ({ args: args.map((arg) => toTerm(context, arg) ?? null) });
      if (!context.auth.may("call", { kind: "function", name }, subject)) throw denied(context);
    };
    if (body instanceof StoredLambda) {
      return new UserFunction(called, ref.id, { atLeast: 0 }, (context, args) => {
        check(context, args);
        return this.#callV4(context, authOf(context), name, body, args);
      });
    }
    const lambda =
      functions.get(version) ?? compileLambda({ name: `*udf:${called}*`, text: textOf(body) });
    functions.set(version, lambda);
    return new UserFunction(called, ref.id, arityOf(lambda), (context, args) => {
      check(context, args);
      return apply(context.withAuth(authOf(context)), lambda, args);
    });
  }

  #callV4(
    context: Context,
    auth: Auth,
    name: string,
    body: StoredLambda,
    args: readonly Value[],
  ): Value {
    const data = args.map((arg) => {
      const stored = toTerm(context, arg);
      if (stored !== undefined) return stored;
      throw context.failure(
        "invalid_argument",
        `Invalid argument for \`${name}\`. FQL v4 does not support \`${typeName(arg)}\` values.`,
      );
    });
    const { transaction } = this;
    const at = context.readTime;
    const result = this.#neighbours.callV4({ transaction, auth, name, body, args: data, at });
    if (result.kind === "value") return fromData(result.value, context.span);
    throw context.failure("eval_error", result.messages.join("\n"));
  }
}
