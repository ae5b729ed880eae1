/** Where a feed stands: a transaction's time, and how many of its events have been told. */

export interface Cursor {
  /** Transaction time in µs. */
  readonly ts: bigint;
  readonly ordinal: number;
}

/** The last place of a transaction. */
export const MAX_ORDINAL = 2 ** 31 - 1;

const HEAD = Buffer.from([0x82, 0xc1]);

/** Base64 of the CBOR array of a tagged time and a number, as the server writes it. */
export function printCursor({ ts, ordinal }: Cursor): string {
  return Buffer.concat([HEAD, unsigned(ts), unsigned(BigInt(ordinal))]).toString("base64");
}

/** The cursor that `text` holds, or undefined. */
export function parseCursor(text: string): Cursor | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (!bytes.subarray(0, HEAD.length).equals(HEAD)) return undefined;
  const ts = readUnsigned(bytes, HEAD.length);
  const ordinal = ts && readUnsigned(bytes, ts.end);
  if (ordinal?.end !== bytes.length || ordinal.value > BigInt(MAX_ORDINAL)) return undefined;
  return { ts: ts?.value ?? 0n, ordinal: Number(ordinal.value) };
}

/** Whether `a` is after `b`. */
export function isAfter(a: Cursor, b: Cursor): boolean {
  return a.ts === b.ts ? a.ordinal > b.ordinal : a.ts > b.ts;
}

/** A CBOR unsigned number of 1, 5 or 9 bytes. */
function unsigned(value: bigint): Buffer {
  const clamped = value < 0n ? 0n : value;
  if (clamped < 24n) return Buffer.from([Number(clamped)]);
  const bytes = Buffer.alloc(clamped < 2n ** 32n ? 5 : 9);
  bytes[0] = bytes.length === 5 ? 0x1a : 0x1b;
  if (bytes.length === 5) bytes.writeUInt32BE(Number(clamped), 1);
  else bytes.writeBigUInt64BE(clamped, 1);
  return bytes;
}

function readUnsigned(bytes: Buffer, at: number): { value: bigint; end: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 24) return { value: BigInt(first), end: at + 1 };
  if (first === 0x1a && bytes.length >= at + 5) {
    return { value: BigInt(bytes.readUInt32BE(at + 1)), end: at + 5 };
  }
  if (first === 0x1b && bytes.length >= at + 9) {
    return { value: bytes.readBigUInt64BE(at + 1), end: at + 9 };
  }
  return undefined;
}
