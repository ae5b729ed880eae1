/** Bytes as base64 text: the standard alphabet out, that and the url-safe one in, as the server does. */
import { ArkError } from "../errors/errors.ts";

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * The bytes that `text` spells.
 *
 * @throws ArkError ERR_RECORD when it is not base64.
 */
export function parseBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, "").length;
  const padded = text.length !== digits;
  if (!BASE64.test(text) || digits % 4 === 1 || (padded && text.length % 4 !== 0)) {
    throw new ArkError("ERR_RECORD", `Not base64: ${JSON.stringify(text.slice(0, 60))}.`);
  }
  // A copy, so that nobody holds a view into Node's shared pool.
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** `bytes` in standard base64, padded. */
export function printBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
