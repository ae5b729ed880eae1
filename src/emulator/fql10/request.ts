/** The body of `POST /query/1`: a query, perhaps made of fragments, and its arguments. */
import { isArkError } from "../../errors/errors.ts";
import {
  isJsonObject,
  type Json,
  JsonNumber,
  type JsonObject,
  parseJson,
} from "../../values/json.ts";
import { PLACEHOLDER } from "./ast.ts";
import { RequestFailure } from "./failure.ts";

/** A value inside a query's text, in the tagged format, and where its placeholder stands. */
export interface Fragment {
  readonly json: Json;
  readonly offset: number;
}

export interface QueryBody {
  readonly text: string;
  readonly fragments: readonly Fragment[];
  readonly args: readonly (readonly [string, Json])[];
}

const invalid = (why?: string) =>
  new RequestFailure(
    400,
    "invalid_request",
    why === undefined ? "Invalid request body" : `Invalid request body: ${why}`,
  );

/** @throws RequestFailure `invalid_request` */
export function parseRequest(text: string): QueryBody {
  const json = parseBody(text);
  if (!isJsonObject(json)) throw invalid(`Unexpected ${jsonType(json)}. Expected Object.`);
  if ([...json.keys()].some((key) => key !== "query" && key !== "arguments")) throw invalid();
  const query = json.get("query");
  if (query === undefined) throw invalid();
  const builder = new Builder();
  if (typeof query === "string") builder.text = query;
  else builder.add(query, false);
  return {
    text: builder.text,
    fragments: builder.fragments,
    args: argumentsOf(json.get("arguments")),
  };
}

function parseBody(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof RangeError) throw invalid("JSON exceeds nesting limit");
    if (isArkError(error, "ERR_RECORD")) throw invalid();
    throw error;
  }
}

function argumentsOf(json: Json | undefined): readonly (readonly [string, Json])[] {
  if (json === undefined || json === null) return [];
  if (isJsonObject(json)) return [...json];
  throw invalid(`Unexpected ${jsonType(json)}. Expected Object.`);
}

function jsonType(json: Json): string {
  if (json === null) return "JSON Null";
  if (typeof json === "boolean") return "JSON Boolean";
  if (typeof json === "string") return "JSON String";
  if (json instanceof JsonNumber) return /[.eE]/.test(json.text) ? "JSON Double" : "JSON Integer";
  return Array.isArray(json) ? "JSON Array Start" : "JSON Object Start";
}

/** Puts fragments together into one text, as the server does. */
class Builder {
  text = "";
  readonly fragments: Fragment[] = [];

  /** `contained`: as a member of an array or object, where FQL needs parentheses. */
  add(json: Json, contained: boolean): void {
    if (typeof json === "string") {
      if (json.includes("\u0000")) throw invalid("FQL strings cannot contain NUL characters");
      this.text += contained ? `(${json})` : json;
      return;
    }
    if (!isJsonObject(json))
      throw invalid(`Unexpected ${jsonType(json)}. Expected query template.`);
    const [[kind, content] = ["", null], ...more] = json;
    if (more.length > 0) throw badFragment();
    switch (kind) {
      case "fql":
        return this.#fql(content, contained);
      case "value":
        this.fragments.push({ json: content, offset: this.text.length });
        this.text += PLACEHOLDER;
        return;
      case "array":
        return this.#array(content);
      case "object":
        return this.#object(content);
      default:
        throw badFragment();
    }
  }

  #fql(content: Json, contained: boolean): void {
    if (!Array.isArray(content))
      throw invalid(`Unexpected ${jsonType(content)}. Expected array start.`);
    if (contained) this.text += "(";
    for (const part of content) this.add(part, false);
    if (contained) this.text += ")";
  }

  #array(content: Json): void {
    if (!Array.isArray(content))
      throw invalid(`Unexpected ${jsonType(content)}. Expected array start.`);
    this.text += "[";
    for (const [index, part] of content.entries()) {
      if (index > 0) this.text += ", ";
      this.add(part, true);
    }
    this.text += "]";
  }

  #object(content: Json): void {
    if (!isJsonObject(content))
      throw invalid(`Unexpected ${jsonType(content)}. Expected object start.`);
    this.text += "{ ";
    for (const [index, [key, part]] of [...(content satisfies JsonObject)].entries()) {
      if (index > 0) this.text += ", ";
      this.text += `${quoteKey(key)}: `;
      this.add(part, true);
    }
    this.text += " }";
  }
}

const badFragment = () =>
  invalid(
    "Unexpected JSON Object Field Name. Expected an object with a single key 'fql', 'value', 'array', or 'object'.",
  );

/** A key as FQL source that means exactly it, whatever it contains. */
const quoteKey = (key: string): string =>
  `"${key.replaceAll(/[^a-zA-Z0-9_ .-]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)}"`;
