/** Fauna's integers: 64 bits, signed. */
import { ArkError } from "../errors/errors.ts";

const INTEGER = /^-?\d{1,20}$/;

/**
 * The integer that `text` names.
 *
 * @throws ArkError ERR_RECORD when it names none, or one beyond 64 bits.
 */
export function parseLong(text: string): bigint {
  const n = INTEGER.test(text) ? BigInt(text) : undefined;
  if (n !== undefined && BigInt.asIntN(64, n) === n) return n;
  throw new ArkError("ERR_RECORD", `Not a 64-bit integer: ${JSON.stringify(text.slice(0, 60))}.`);
}

/** Whether v10 prints `n` as `@int` rather than `@long`. */
export function fitsInt(n: bigint): boolean {
  return BigInt.asIntN(32, n) === n;
}
