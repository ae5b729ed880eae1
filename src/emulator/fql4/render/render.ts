/** From values to the text of an answer, in the words of each API version. */
import { printBase64 } from "../../../values/bytes.ts";
import { LocalDate } from "../../../values/date.ts";
import { printDouble } from "../../../values/double.ts";
import { parseJson, printJson } from "../../../values/json.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
import type { Database } from "../../data/database.ts";
import { isNamedKind, isUserCollection, NATIVE } from "../../data/ids.ts";
import { type Data, DocRef, StoredLambda, StoredSet } from "../../data/value.ts";
import { nameOf, nativeCollectionName } from "../resolve.ts";
import type { Session } from "../session.ts";
import {
  DocumentValue,
  ElementValue,
  EventValue,
  ForeignRef,
  isArray,
  isSet,
  LambdaValue,
  type Literal,
  nativeCollectionOf,
  type ObjectLiteral,
  PageValue,
  UnresolvedRef,
} from "../value.ts";
import { type ApiVersion, atLeast, LAMBDA_DEFAULT_VERSION } from "../version.ts";

/** Native collections of the kinds of definition, by their word in errors. */
const COLLECTION_OF_TYPE = {
  database: NATIVE.Database,
  collection: NATIVE.Collection,
  index: NATIVE.Index,
  function: NATIVE.Function,
  role: NATIVE.Role,
  access_provider: NATIVE.AccessProvider,
  key: NATIVE.Key,
} as const;

/** What is shown without its name, such as a reference to nothing: the member or item is left out. */
const NOTHING = "";

export class Renderer {
  readonly #session: Session;
  readonly #version: ApiVersion;
  readonly #isLegacy: boolean;
  /** `collection`, or `class` before 2.7. */
  readonly #collectionKey: string;
  readonly #strings = new Map<string, string>();
  readonly #collections = new Map<number, string>();
  /** The database whose documents are being shown. */
  #database: Database;

  constructor(session: Session, version: ApiVersion) {
    this.#session = session;
    this.#version = version;
    this.#database = session.database;
    this.#isLegacy = !atLeast(version, "2.1");
    this.#collectionKey = atLeast(version, "2.7") ? "collection" : "class";
  }

  /** `value` as JSON text. */
  text(value: Literal): string {
    this.#session.show(typeof value === "string" ? value.length : 0);
    switch (typeof value) {
      case "string":
        return JSON.stringify(value);
      case "bigint":
        return value.toString();
      case "number":
        return Number.isFinite(value) ? printDouble(value) : `"${printDouble(value)}"`;
      case "boolean":
        return value ? "true" : "false";
    }
    if (value === null) return "null";
    if (value instanceof Map) return this.#object(value);
    if (isArray(value)) return this.#array(value);
    if (value instanceof DocRef) return this.#ref(this.#database, value);
    if (value instanceof Time) return `{"@ts":"${value.toString()}"}`;
    if (value instanceof LocalDate) return `{"@date":"${value.toString()}"}`;
    if (value instanceof Uint8Array) return `{"@bytes":"${printBase64(value)}"}`;
    if (value instanceof Uuid) return `{"@uuid":"${value.text}"}`;
    return this.#special(value);
  }

  #special(value: Literal): string {
    if (value instanceof DocumentValue) return this.#document(value);
    if (value instanceof PageValue) return this.#page(value);
    if (value instanceof EventValue) return this.#within(value.database, () => this.#event(value));
    if (value instanceof ForeignRef) return this.#ref(value.database, value.ref);
    if (value instanceof UnresolvedRef) return this.#unresolved(value);
    if (value instanceof ElementValue) return this.#element(value);
    if (value instanceof StoredLambda) return `{"@query":${this.#stored(value)}}`;
    if (value instanceof LambdaValue) return `{"@query":${this.#lambda(value)}}`;
    if (value instanceof StoredSet) return `{"@set":${printJson(value.expr)}}`;
    if (isSet(value)) return value.text(this);
    throw new Error("A value without a form on the wire.");
  }

  /** A sequence of members, in braces. Members whose text is empty are left out. */
  members(members: readonly (readonly [string, string])[]): string {
    let text = "";
    for (const [name, shown] of members) {
      if (shown === NOTHING) continue;
      text += `${text === "" ? "" : ","}${this.#string(name)}:${shown}`;
    }
    return `{${text}}`;
  }

  /** A reference to a collection's own document, or to the document of a native one. */
  ref(database: Database | undefined, ref: DocRef): string {
    return this.#ref(database ?? this.#database, ref);
  }

  #string(text: string): string {
    let quoted = this.#strings.get(text);
    if (quoted === undefined) this.#strings.set(text, (quoted = JSON.stringify(text)));
    return quoted;
  }

  #object(value: ObjectLiteral): string {
    let text = "";
    let isTagged = false;
    for (const [name, member] of value) {
      const shown = this.text(member);
      if (shown === NOTHING) continue;
      if (name.startsWith("@")) isTagged = true;
      text += text === "" ? "{" : ",";
      text += `${this.#string(name)}:${shown}`;
    }
    text = text === "" ? "{}" : `${text}}`;
    return isTagged ? `{"@obj":${text}}` : text;
  }

  #array(items: readonly Literal[]): string {
    const [first] = items;
    if (first instanceof DocRef && isUserCollection(first.collection)) {
      const refs = this.#refsInto(first.collection, items);
      if (refs !== undefined) return refs;
    }
    let text = "";
    for (const item of items) {
      const shown = this.text(item);
      if (shown === NOTHING) continue;
      text += text === "" ? "[" : ",";
      text += shown;
    }
    return text === "" ? "[]" : `${text}]`;
  }

  /** An array of references into one collection, of which a page has thousands; undefined if there is anything else. */
  #refsInto(collection: number, items: readonly Literal[]): string | undefined {
    const around = this.#aroundId(this.#database, collection);
    if (around === undefined) return undefined;
    const ids: string[] = [];
    for (const item of items) {
      if (!(item instanceof DocRef) || item.collection !== collection) return undefined;
      this.#session.show(0);
      ids.push(String(item.id));
    }
    // In one go: a text that grew by pieces has to be put together once more when it is sent.
    return `[${around.head}${ids.join(`${around.tail},${around.head}`)}${around.tail}]`;
  }

  #document({ database, ref, version, fields }: DocumentValue): string {
    return this.#within(database, () => {
      let text = `{"ref":${this.#ref(database, ref)}`;
      if (this.#isLegacy) text += `,"class":${this.#collectionRef(database, ref.collection)}`;
      text += `,"ts":${version.ts}`;
      for (const [name, value] of fields) text += `,${this.#string(name)}:${this.text(value)}`;
      return `${text}}`;
    });
  }

  /** Shows something of another database: the references in it are that database's. */
  #within(database: Database, show: () => string): string {
    const outer = this.#database;
    if (database === outer) return show();
    this.#database = database;
    const text = show();
    this.#database = outer;
    return text;
  }

  #page({ items, before, after }: PageValue): string {
    const members: [string, string][] = [];
    if (before !== undefined) members.push(["before", this.text(before)]);
    if (after !== undefined) members.push(["after", this.text(after)]);
    members.push(["data", this.#array(items)]);
    return this.members(members);
  }

  #element({ value, sources }: ElementValue): string {
    const shown = this.text(value);
    if (shown === NOTHING) return NOTHING;
    return `{"value":${shown},"sources":${this.#array(sources)}}`;
  }

  #event({ database, ts, action, ref, data }: EventValue): string {
    const document = ref === undefined ? NOTHING : this.#ref(database, ref);
    const members: [string, string][] = [["ts", String(ts)]];
    if (this.#isLegacy) {
      const isCreation = action === "create" || action === "update" || action === "add";
      members.push(["action", isCreation ? `"create"` : `"delete"`], ["resource", document]);
      if (isSetData(data)) members.push(["values", this.#array(data)]);
      return this.members(members);
    }
    members.push(["action", `"${action}"`]);
    members.push([atLeast(this.#version, "2.7") ? "document" : "instance", document]);
    if (Array.isArray(data)) {
      if (isSetData(data)) members.push(["data", this.#array(data)]);
    } else if (data !== undefined) members.push(["data", this.#diff(data)]);
    return this.members(members);
  }

  #diff(data: ReadonlyMap<string, Data> | readonly Data[] | null): string {
    const shown = data instanceof Map ? (data as ReadonlyMap<string, Data>).get("data") : undefined;
    return shown === undefined ? "null" : this.text(shown);
  }

  // References ---------------------------------------------------------------------------------

  #ref(database: Database, ref: DocRef): string {
    const native = nativeCollectionOf(ref);
    if (native !== undefined) return this.#native(database, native);
    if (!isNamedKind(ref.collection)) return this.#instance(database, ref);
    const name = nameOf(this.#session, database, ref, this.#version);
    return name === undefined ? NOTHING : this.#named(database, ref.collection, name);
  }

  #instance(database: Database, { collection, id }: DocRef): string {
    const around = this.#aroundId(database, collection);
    return around === undefined ? NOTHING : `${around.head}${id}${around.tail}`;
  }

  /** What stands around the id in a reference to a document; undefined where the collection has no name. */
  #aroundId(
    database: Database,
    number: number,
  ): { readonly head: string; readonly tail: string } | undefined {
    if (this.#isLegacy) {
      const path = this.#path(database, number);
      if (path === undefined) return undefined;
      return { head: `{"@ref":${JSON.stringify(`${path}/`).slice(0, -1)}`, tail: '"}' };
    }
    const collection = this.#collectionRef(database, number);
    if (collection === NOTHING) return undefined;
    return { head: '{"@ref":{"id":"', tail: `","${this.#collectionKey}":${collection}}}` };
  }

  #collectionRef(database: Database, collection: number): string {
    if (database !== this.#session.database) {
      return this.#ref(database, new DocRef(NATIVE.Collection, BigInt(collection)));
    }
    let text = this.#collections.get(collection);
    if (text === undefined) {
      text = this.#ref(database, new DocRef(NATIVE.Collection, BigInt(collection)));
      this.#collections.set(collection, text);
    }
    return text;
  }

  #named(database: Database, collection: number, name: string): string {
    const kind = nativeCollectionName(collection, this.#version);
    if (this.#isLegacy) return `{"@ref":${JSON.stringify(`${kind}/${name}`)}}`;
    const scope = this.#scope(database);
    return `{"@ref":{"id":${JSON.stringify(name)},"${this.#collectionKey}":{"@ref":{"id":"${kind}"}}${scope}}}`;
  }

  #native(database: Database, collection: number): string {
    const name = nativeCollectionName(collection, this.#version);
    return this.#isLegacy
      ? `{"@ref":"${name}"}`
      : `{"@ref":{"id":"${name}"${this.#scope(database)}}}`;
  }

  #path(database: Database, collection: number): string | undefined {
    const ref = new DocRef(NATIVE.Collection, BigInt(collection));
    const name = nameOf(this.#session, database, ref, this.#version);
    return nativeCollectionOf(ref) === undefined && name !== undefined ? `classes/${name}` : name;
  }

  /** `,"database":…` where that is not the query's own. */
  #scope(database: Database): string {
    const { parent } = database;
    if (database === this.#session.database || parent === undefined) return "";
    const ref = this.#named(parent, NATIVE.Database, database.name);
    return `,"database":${ref}`;
  }

  #unresolved({ type, name, id, database }: UnresolvedRef): string {
    const kind = nativeCollectionName(COLLECTION_OF_TYPE[type], this.#version);
    const scope =
      database === undefined
        ? ""
        : `,"database":${this.#named(this.#session.database, NATIVE.Database, database)}`;
    const definition = `{"@ref":{"id":${JSON.stringify(name)},"${this.#collectionKey}":{"@ref":{"id":"${kind}"}}${scope}}}`;
    if (id === undefined) return definition;
    return `{"@ref":{"id":"${id}","${this.#collectionKey}":${definition}}}`;
  }

  // Functions ----------------------------------------------------------------------------------

  #stored(lambda: StoredLambda): string {
    const expr = lambda.expr as ReadonlyMap<string, unknown>;
    const version = expr.get("api_version");
    if (this.#showsVersion(typeof version === "string" ? (version as ApiVersion) : undefined)) {
      return printJson(lambda.expr);
    }
    return printJson(
      new Map([...(lambda.expr as Map<string, never>)].filter(([key]) => key !== "api_version")),
    );
  }

  #lambda({ expression, bindings }: LambdaValue): string {
    const written = expression.writeClosed(bindings, (value) => parseJson(this.text(value)));
    const text = printJson(written);
    if (!this.#showsVersion(expression.version)) return text;
    return `{"api_version":"${expression.version}",${text.slice(1)}`;
  }

  /** A raw lambda, as sets hold it. */
  rawLambda(lambda: LambdaValue | StoredLambda): string {
    return lambda instanceof StoredLambda ? this.#stored(lambda) : this.#lambda(lambda);
  }

  /** Whether the version of a lambda or of the request is beyond what a bare lambda means. */
  #showsVersion(version: ApiVersion = LAMBDA_DEFAULT_VERSION): boolean {
    return ![version, this.#version].every((used) => atLeast(LAMBDA_DEFAULT_VERSION, used));
  }
}

function isSetData(data: EventValue["data"]): data is readonly Data[] {
  return Array.isArray(data) && data.length > 0;
}
