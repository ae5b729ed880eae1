/** Bytes that a value takes in storage: Fauna stores CBOR, so its sizes are counted as that. */
import { LocalDate } from "../../values/date.ts";
import { Time } from "../../values/time.ts";
import { Uuid } from "../../values/uuid.ts";
import { spend } from "../limits/budget.ts";
import { DocRef, isArrayData, isObjectData, type Data } from "./value.ts";

/** The most that one version may take (live 35). */
export const MAX_VERSION_BYTES = 8_388_608;
/** The most that one transaction may write (live 35). */
export const MAX_TRANSACTION_BYTES = 16_777_216;

/** What a row of an index takes besides its terms and values. */
export const ROW_OVERHEAD = 24;

/** Bytes of `value` as CBOR. */
export function sizeOf(value: Data): number {
  switch (typeof value) {
    case "string": {
      const bytes = Buffer.byteLength(value);
      return head(bytes) + bytes;
    }
    case "bigint":
      return longSize(value);
    case "number":
      return 9;
    case "boolean":
      return 1;
    default:
      return value === null ? 1 : compositeSize(value);
  }
}

function compositeSize(value: Exclude<Data, null | string | bigint | number | boolean>): number {
  if (isObjectData(value)) {
    spend(value.size);
    let size = head(value.size);
    for (const [key, member] of value) size += sizeOf(key) + sizeOf(member);
    return size;
  }
  if (isArrayData(value)) {
    spend(value.length);
    let size = head(value.length);
    for (const element of value) size += sizeOf(element);
    return size;
  }
  if (value instanceof DocRef) return 13;
  if (value instanceof Time) return 15;
  if (value instanceof LocalDate) return 6;
  if (value instanceof Uuid) return 18;
  if (value instanceof Uint8Array) return head(value.length) + value.length;
  return 3 + textSize(value.expr);
}

function textSize(expr: unknown): number {
  if (typeof expr === "string") return expr.length + 1;
  if (expr instanceof Map) {
    let size = 1;
    for (const [key, member] of expr) size += String(key).length + 1 + textSize(member);
    return size;
  }
  if (Array.isArray(expr))
    return expr.reduce<number>((size, element) => size + textSize(element), 1);
  return 9;
}

function longSize(value: bigint): number {
  const magnitude = value < 0n ? -1n - value : value;
  if (magnitude < 24n) return 1;
  if (magnitude < 256n) return 2;
  if (magnitude < 65_536n) return 3;
  return magnitude < 4_294_967_296n ? 5 : 9;
}

function head(length: number): number {
  if (length < 24) return 1;
  if (length < 256) return 2;
  return length < 65_536 ? 3 : 5;
}
