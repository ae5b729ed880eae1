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
export const renderTagged = (shown: Shown, now: bigint): string => print(shown, true, now);

/** As {@link renderTagged}, in the format that keeps no types. */
export const renderSimple = (shown: Shown, now: bigint): string => print(shown, false, now);

function print(shown: Shown, tagged: boolean, now: bigint): string {
  const tag = (name: string, text: string) => (tagged ? `{"${name}":${text}}` : text);
  switch (shown.kind) {
    case "plain":
      return printPlain(shown.value, tag, now);
    case "array":
      return `[${shown.items.map((item) => print(item, tagged, now)).join(",")}]`;
    case "object": {
      const text = printFields(shown.fields, tagged, now);
      return shown.fields.some(([key]) => key.startsWith("@")) ? tag("@object", text) : text;
    }
    case "doc": {
      const text = printFields(shown.fields, tagged, now);
      const escaped = shown.fields.some(([key]) => key.startsWith("@"))
        ? tag("@object", text)
        : text;
      return tag("@doc", escaped);
    }
    case "ref":
      return tag("@ref", printFields(shown.ref, tagged, now));
    case "null doc": {
      if (!tagged) return "null";
      const text = printFields(shown.ref, tagged, now);
      return tag("@ref", `${text.slice(0, -1)},"exists":false,"cause":"${shown.cause}"}`);
    }
    case "legacy":
      return printString(shown.text);
    case "set":
      return tag("@set", print(shown.page, tagged, now));
    case "token":
      return tag("@stream", printString(shown.text));
  }
}

const printFields = (
  fields: readonly (readonly [string, Shown])[],
  tagged: boolean,
  now: bigint,
): string =>
  `{${fields.map(([key, item]) => `${printString(key)}:${print(item, tagged, now)}`).join(",")}}`;

type Plain = Extract<Shown, { kind: "plain" }>["value"];

function printPlain(
  value: Plain,
  tag: (name: string, text: string) => string,
  now: bigint,
): string {
  // The simple format prints numbers bare, the tagged one as strings.
  const number = (name: string, text: string) => {
    const bare = tag("", "");
    return bare === "" ? text : tag(name, `"${text}"`);
  };
  if (typeof value === "string") return printString(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof Null) return "null";
  if (value instanceof Int) return number("@int", String(value.value));
  if (value instanceof Long) return number("@long", String(value.value));
  if (value instanceof Double) {
    const text = printDouble(value.value);
    return Number.isFinite(value.value) ? number("@double", text) : tag("@double", `"${text}"`);
  }
  if (value instanceof Id) return `"${value.value}"`;
  if (value instanceof Time) return tag("@time", `"${value.toString()}"`);
  if (value instanceof TransactionTime) return tag("@time", `"${Time.fromMicros(now).toString()}"`);
  if (value instanceof LocalDate) return tag("@date", `"${value.toString()}"`);
  if (value instanceof Uint8Array) return tag("@bytes", `"${printBase64(value)}"`);
  if (value instanceof Uuid) return tag("@uuid", `"${value.text}"`);
  if (value instanceof SetCursor) return printString(value.text);
  if (value instanceof Module) return tag("@mod", printString(value.name));
  return printString(
    value instanceof Lambda ? "[function <lambda>]" : `[function ${value.name}()]`,
  );
}
