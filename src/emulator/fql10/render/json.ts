/** Answers in the `simple` and `tagged` formats, as JSON text. */
import { printBase64 } from "../../../values/bytes.ts";
import { LocalDate } from "../../../values/date.ts";
import { printDouble } from "../../../values/double.ts";
import { printString } from "../../../values/json.ts";
import { Time } from "../../../values/time.ts";
import {
  Double,
  Id,
  Int,
  Lambda,
  Long,
  Module,
  Null,
  SetCursor,
  TransactionTime,
} from "../values.ts";
import { Uuid } from "../../../values/uuid.ts";
import type { Shown } from "./materialise.ts";

/** Prints what was read; `now` (µs) is the transaction's time. */
export const renderTagged = (shown: Shown, now: bigint): string =>
  new Printer(true, now).print(shown);

/** As {@link renderTagged}, in the format that keeps no types. */
export const renderSimple = (shown: Shown, now: bigint): string =>
  new Printer(false, now).print(shown);

type Fields = readonly (readonly [string, Shown])[];
type Plain = Extract<Shown, { kind: "plain" }>["value"];

class Printer {
  readonly #tagged: boolean;
  readonly #now: bigint;

  constructor(tagged: boolean, now: bigint) {
    this.#tagged = tagged;
    this.#now = now;
  }

  print(shown: Shown): string {
    switch (shown.kind) {
      case "plain":
        return this.#plain(shown.value);
      case "array":
        return `[${shown.items.map((item) => this.print(item)).join(",")}]`;
      case "object":
        return this.#escaped(shown.fields);
      case "doc":
        return this.#tag("@doc", this.#escaped(shown.fields));
      case "ref":
        return this.#tag("@ref", this.#fields(shown.ref));
      case "null doc": {
        if (!this.#tagged) return "null";
        const text = this.#fields(shown.ref).slice(0, -1);
        return this.#tag("@ref", `${text},"exists":false,"cause":"${shown.cause}"}`);
      }
      case "legacy":
        return printString(shown.text);
      case "set":
        return this.#tag("@set", this.print(shown.page));
      case "token":
        return this.#tag("@stream", printString(shown.text));
    }
  }

  #tag(name: string, text: string): string {
    return this.#tagged ? `{"${name}":${text}}` : text;
  }

  /** The simple format prints numbers bare, the tagged one as strings. */
  #number(name: string, text: string): string {
    return this.#tagged ? `{"${name}":"${text}"}` : text;
  }

  #fields(fields: Fields): string {
    return `{${fields.map(([key, item]) => `${printString(key)}:${this.print(item)}`).join(",")}}`;
  }

  /** Fields that could be taken for a tag are marked as what they are. */
  #escaped(fields: Fields): string {
    const text = this.#fields(fields);
    return fields.some(([key]) => key.startsWith("@")) ? this.#tag("@object", text) : text;
  }

  #plain(value: Plain): string {
    if (typeof value === "string") return printString(value);
    if (typeof value === "boolean") return String(value);
    if (value instanceof Null) return "null";
    if (value instanceof Int) return this.#number("@int", String(value.value));
    if (value instanceof Long) return this.#number("@long", String(value.value));
    if (value instanceof Double) {
      const text = printDouble(value.value);
      return Number.isFinite(value.value)
        ? this.#number("@double", text)
        : this.#tag("@double", `"${text}"`);
    }
    if (value instanceof Id) return `"${value.value}"`;
    if (value instanceof Time) return this.#tag("@time", `"${value.toString()}"`);
    if (value instanceof TransactionTime)
      return this.#tag("@time", `"${Time.fromMicros(this.#now).toString()}"`);
    if (value instanceof LocalDate) return this.#tag("@date", `"${value.toString()}"`);
    if (value instanceof Uint8Array) return this.#tag("@bytes", `"${printBase64(value)}"`);
    if (value instanceof Uuid) return this.#tag("@uuid", `"${value.text}"`);
    if (value instanceof SetCursor) return printString(value.text);
    if (value instanceof Module) return this.#tag("@mod", printString(value.name));
    return printString(
      value instanceof Lambda ? "[function <lambda>]" : `[function ${value.name}()]`,
    );
  }
}
