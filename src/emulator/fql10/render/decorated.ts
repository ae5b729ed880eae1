/** Answers in the `decorated` format: one string of FQL, laid out for people. */
import { printBase64 } from "../../../values/bytes.ts";
import { LocalDate } from "../../../values/date.ts";
import { printDouble } from "../../../values/double.ts";
import { Time } from "../../../values/time.ts";
import { Uuid } from "../../../values/uuid.ts";
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
import type { Shown } from "./materialise.ts";
import { isPlainName, quote } from "./quote.ts";

/** The text of what was read; `now` (µs) is the transaction's time. */
export function renderDecorated(shown: Shown, now: bigint): string {
  const writer = new Writer(now);
  writer.show(shown);
  return writer.text;
}

type Fields = readonly (readonly [string, Shown])[];

class Writer {
  text = "";
  readonly #now: bigint;
  #level = 0;
  #atStart = true;

  constructor(now: bigint) {
    this.#now = now;
  }

  show(shown: Shown): void {
    switch (shown.kind) {
      case "plain":
        return this.#plain(shown.value);
      case "array":
        return this.#list("[", "]", shown.items, (item) => this.show(item));
      case "object":
      case "doc":
        return this.#fields(shown.fields);
      case "ref":
        return this.#reference(shown.ref);
      case "null doc":
        this.#reference(shown.ref);
        return this.#write(` /* ${shown.cause} */`);
      case "legacy":
        return this.#write(shown.text);
      case "set":
        return this.show(shown.page);
      case "token":
        return this.#write(quote(shown.text));
    }
  }

  #plain(value: Extract<Shown, { kind: "plain" }>["value"]): void {
    if (typeof value === "string") this.#string(value);
    else if (typeof value === "boolean") this.#write(String(value));
    else if (value instanceof Null) this.#write("null");
    else if (value instanceof Int || value instanceof Long) this.#write(String(value.value));
    else if (value instanceof Double) this.#write(decoratedDouble(value.value));
    else if (value instanceof Id) this.#write(quote(String(value.value)));
    else if (value instanceof Time) this.#write(`Time("${value.toString()}")`);
    else if (value instanceof TransactionTime)
      this.#write(`Time("${Time.fromMicros(this.#now).toString()}")`);
    else if (value instanceof LocalDate) this.#write(`Date("${value.toString()}")`);
    else if (value instanceof Uint8Array) this.#write(`Bytes("${printBase64(value)}")`);
    else if (value instanceof Uuid) this.#write(`UUID("${value.text}")`);
    else if (value instanceof SetCursor) this.#write(quote(value.text));
    else if (value instanceof Module) this.#write(value.name);
    else
      this.#write(
        quote(value instanceof Lambda ? "[function <lambda>]" : `[function ${value.name}]`),
      );
  }

  #string(text: string): void {
    if (!text.includes("\n")) return this.#write(quote(text));
    const mark = ["END", ...Array.from({ length: 10 }, (_none, digit) => `END${digit}`)].find(
      (name) => !text.includes(name),
    );
    if (mark === undefined) return this.#write(quote(text));
    this.#line(`<<-${mark}`);
    this.#level++;
    const lines = text.split(/\r\n|\n|\r/);
    if (lines.at(-1) === "") lines.pop();
    for (const line of lines) this.#line(line);
    this.#level--;
    this.#write(mark);
  }

  #reference(fields: Fields): void {
    const [[kind, key] = ["", undefined], [, coll] = ["", undefined]] = fields;
    if (coll !== undefined) this.show(coll);
    if (key?.kind !== "plain") return;
    const text =
      key.value instanceof Id
        ? String(key.value.value)
        : typeof key.value === "string"
          ? key.value
          : "";
    this.#write(kind === "name" ? `.byName(${quote(text)})` : `("${text}")`);
  }

  #fields(fields: Fields): void {
    this.#list("{", "}", fields, ([key, value]) => {
      this.#write(`${isPlainName(key) ? key : quote(key)}: `);
      this.show(value);
    });
  }

  #list<T>(open: string, close: string, items: readonly T[], show: (item: T) => void): void {
    if (items.length === 0) return this.#write(`${open}${close}`);
    this.#line(open);
    this.#level++;
    for (const [index, item] of items.entries()) {
      show(item);
      this.#line(index === items.length - 1 ? "" : ",");
    }
    this.#level--;
    this.#write(close);
  }

  #write(text: string): void {
    if (this.#atStart) this.text += "  ".repeat(this.#level);
    this.#atStart = false;
    this.text += text;
  }

  #line(text: string): void {
    this.#write(text);
    this.text += "\n";
    this.#atStart = true;
  }
}

function decoratedDouble(value: number): string {
  if (Number.isNaN(value)) return "Math.NaN";
  if (value === Number.POSITIVE_INFINITY) return "Math.Infinity";
  return value === Number.NEGATIVE_INFINITY ? "-Math.Infinity" : printDouble(value);
}
