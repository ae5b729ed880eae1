/** Values as requests carry them: plain JSON in the simple format, tagged JSON in the others. */
import { LocalDate } from "../../values/date.ts";
import { parseDouble } from "../../values/double.ts";
import { isJsonObject, type Json, JsonNumber, type JsonObject } from "../../values/json.ts";
import { Time } from "../../values/time.ts";
import { isNamedKind } from "../data/ids.ts";
import { decodeBase64 } from "./modules/scalars.ts";
import { readDouble } from "./modules/string.ts";
import { parseLong } from "./modules/tags.ts";
import type { Query } from "./query.ts";
import {
  Doc,
  Double,
  Int,
  isObject,
  Long,
  Module,
  Null,
  type Value,
  wholeNumber,
} from "./values.ts";

/** What is wrong with a value; to be put behind "Invalid argument 'x': ". */
export class InvalidValue extends Error {}

/** Lone surrogates cannot be stored: the server makes them question marks (live 17). */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, "?");

/** A value in the simple format, which has no types of its own. */
export function fromSimple(json: Json): Value {
  if (json === null) return Null.literal();
  if (typeof json === "boolean") return json;
  if (typeof json === "string") return wellFormed(json);
  if (json instanceof JsonNumber) {
    return /[.eE]/.test(json.text)
      ? new Double(parseDouble(json.text))
      : wholeNumber(BigInt(json.text));
  }
  if (Array.isArray(json)) return json.map(fromSimple);
  return new Map([...json].map(([key, item]) => [wellFormed(key), fromSimple(item)]));
}

/** A value in the tagged format. @throws InvalidValue */
export function fromTagged(query: Query, json: Json): Value {
  if (json instanceof JsonNumber) throw new InvalidValue("numbers must be tagged");
  if (!isJsonObject(json)) {
    return Array.isArray(json) ? json.map((item) => fromTagged(query, item)) : fromSimple(json);
  }
  if (![...json.keys()].some((key) => key.startsWith("@"))) return taggedFields(query, json);
  if (json.size > 1) throw new InvalidValue("too many keys in tagged value");
  const [[tag, content] = ["", null]] = json;
  return fromTag(query, tag, content);
}

const taggedFields = (query: Query, json: JsonObject): Value =>
  new Map([...json].map(([key, item]) => [wellFormed(key), fromTagged(query, item)]));

function fromTag(query: Query, tag: string, content: Json): Value {
  const text = (): string => {
    if (typeof content === "string") return content;
    throw new InvalidValue(`${tag} requires a string value`);
  };
  switch (tag) {
    case "@int": {
      const value = parseLong(text());
      if (value !== undefined && value >= -2147483648n && value <= 2147483647n)
        return new Int(Number(value));
      throw new InvalidValue("invalid integer");
    }
    case "@long": {
      const value = parseLong(text());
      if (value !== undefined) return new Long(value);
      throw new InvalidValue("invalid long");
    }
    case "@double": {
      const value = readDouble(text());
      if (value !== undefined) return new Double(value);
      throw new InvalidValue("invalid double");
    }
    case "@object":
      if (isJsonObject(content)) return taggedFields(query, content);
      throw new InvalidValue("@object requires an object value");
    case "@time":
      return parsed(text(), "time", (iso) => Time.parse(iso));
    case "@date":
      return parsed(text(), "date", (iso) => LocalDate.parse(iso));
    case "@bytes": {
      const bytes = decodeBase64(text());
      if (bytes !== undefined) return bytes;
      throw new InvalidValue("invalid bytes");
    }
    case "@mod":
      return moduleNamed(query, text());
    case "@doc":
    case "@ref":
      return reference(query, tag, fromTagged(query, content));
    default:
      throw new InvalidValue(`invalid tag '${tag}'`);
  }
}

function parsed<T>(text: string, what: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch {
    throw new InvalidValue(`invalid ${what}`);
  }
}

function moduleNamed(query: Query, name: string): Module {
  const value = query.global(name);
  if (value instanceof Module) return value;
  throw new InvalidValue(`no such module '${name}'`);
}

function reference(query: Query, tag: string, value: Value): Doc {
  if (typeof value === "string") return textReference(query, value);
  if (!isObject(value)) throw new InvalidValue(`${tag} requires an object value`);
  const coll = value.get("coll");
  if (coll === undefined) throw new InvalidValue(`${tag} field 'coll' is required`);
  if (!(coll instanceof Module) || coll.collection === undefined) {
    throw new InvalidValue(`${tag} field 'coll' requires a module value`);
  }
  const key = isNamed(coll) ? "name" : "id";
  const given = value.get(key);
  if (given === undefined) throw new InvalidValue(`${tag} field '${key}' is required`);
  if (typeof given !== "string")
    throw new InvalidValue(`${tag} field '${key}' requires a string value`);
  if (isNamed(coll)) return definition(query, coll, given, "schema object");
  const id = parseLong(given);
  if (id === undefined) throw new InvalidValue(`${tag} field 'id' must be an integer`);
  return new Doc(coll.collection, id);
}

const isNamed = ({ collection }: Module): boolean =>
  collection !== undefined && isNamedKind(collection);

function definition(query: Query, coll: Module, name: string, what: string): Doc {
  const found =
    coll.collection === undefined ? undefined : query.definitionNamed(coll.collection, name);
  if (found === undefined) throw new InvalidValue(`no such ${what} '${name}'`);
  return new Doc(found.collection, found.id);
}

/** `"Coll:id"`, which early clients sent. */
function textReference(query: Query, text: string): Doc {
  const [name = "", key, ...more] = text.split(":");
  if (key === undefined || more.length > 0)
    throw new InvalidValue("doc id must be in the format <coll>:<id>");
  const coll = query.global(name);
  if (!(coll instanceof Module) || coll.collection === undefined)
    throw new InvalidValue(`no such collection '${name}'`);
  if (isNamed(coll)) return definition(query, coll, key, "schema definition document");
  const id = parseLong(key);
  if (id === undefined) throw new InvalidValue(`invalid document id '${key}'`);
  return new Doc(coll.collection, id);
}
