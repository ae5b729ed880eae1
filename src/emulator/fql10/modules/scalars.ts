/** Values that can do little by themselves: bytes, ids, uuids, cursors. */
import { parseBase64, printBase64 } from "../../../values/bytes.ts";
import type { Uuid } from "../../../values/uuid.ts";
import type { Id, Value } from "../values.ts";
import { baseFor } from "./base.ts";
import { on, param, table } from "./table.ts";
import { string } from "./tags.ts";
import type { Context } from "../interpreter/context.ts";

export const plainTable = table<Value>({}, baseFor());
export const idTable = table<Id>({}, baseFor());
export const uuidTable = table<Uuid>({}, baseFor());

export const bytesTable = table<Uint8Array>(
  { methods: { toBase64: on([], (_context, self) => printBase64(self)) } },
  baseFor(),
);

/** `Bytes(text)` and `Bytes.fromBase64(text)`. */
export const bytesFromText = on([param("encoded", string)], (context, _self, encoded) => {
  const bytes = decodeBase64(encoded);
  if (bytes === undefined) throw invalidBase64(context);
  return bytes;
});

/** The bytes of standard base64, padded or not; undefined if the text is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, "").length % 4 === 1)
    return undefined;
  return parseBase64(text);
}

const invalidBase64 = (context: Context) =>
  context.failure("invalid_argument", "invalid argument `encoded`: the string is not base64");
