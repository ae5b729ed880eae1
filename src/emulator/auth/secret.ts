/**
 * Secrets of keys and tokens, and the hashes that are stored of them.
 *
 * A key's secret is url-safe base64 of the bytes 126, 112, its id (8 bytes, big-endian) and 20 random
 * ones; a token's has 113, its id, the global id of its database (8 bytes) and 20 random ones. What is
 * hashed is the base64 of the random part alone; a hash of the whole secret is accepted too
 * (ext/model auth/AuthLike.scala).
 */
import { randomBytes } from "node:crypto";
import { compareSync, hashSync } from "bcryptjs";

const VERSION = 126;
const KEY = 112;
const TOKEN = 113;
const RANDOM_BYTES = 20;
const KEY_BYTES = 2 + 8 + RANDOM_BYTES;
const TOKEN_BYTES = 2 + 8 + 8 + RANDOM_BYTES;
const BCRYPT_ROUNDS = 5;
const REMEMBERED = 1000;
/** A hash of more rounds takes seconds, and the hardest days: nobody is made to wait for it. */
const MAX_BCRYPT_ROUNDS = 14;

export type ParsedSecret =
  | { readonly kind: "key"; readonly id: bigint; readonly random: string; readonly text: string }
  | {
      readonly kind: "token";
      readonly id: bigint;
      /** Global id of the database that the token was made in. */
      readonly globalId: bigint;
      readonly random: string;
      readonly text: string;
    };

/** A fresh secret and its hash. The secret is shown once, in the answer that made it. */
export interface FreshSecret {
  readonly secret: string;
  readonly hash: string;
}

/** A new secret for the key with this id. */
export function newKeySecret(id: bigint): FreshSecret {
  return fresh(Buffer.concat([Buffer.from([VERSION, KEY]), long(id)]));
}

/** A new secret for the token with this id in the database with this global id. */
export function newTokenSecret(id: bigint, globalId: bigint): FreshSecret {
  return fresh(Buffer.concat([Buffer.from([VERSION, TOKEN]), long(id), long(globalId)]));
}

/** The parts of a secret, or undefined if it is not one that this server family makes. */
export function parseSecret(text: string): ParsedSecret | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  if (bytes[0] !== VERSION) return undefined;
  const random = bytes.subarray(-RANDOM_BYTES).toString("base64url");
  if (bytes[1] === KEY && bytes.length === KEY_BYTES) {
    return { kind: "key", id: bytes.readBigInt64BE(2), random, text };
  }
  if (bytes[1] === TOKEN && bytes.length === TOKEN_BYTES) {
    return {
      kind: "token",
      id: bytes.readBigInt64BE(2),
      globalId: bytes.readBigInt64BE(10),
      random,
      text,
    };
  }
  return undefined;
}

/** Whether `hash`, as stored with a key or token, is the hash of this secret. */
export function matchesSecret(secret: ParsedSecret, hash: string): boolean {
  return checkHash(secret.random, hash) || checkHash(secret.text, hash);
}

/** The bcrypt hash (`$2a$05$…`) of a password. */
export function hashPassword(password: string): string {
  return hashSync(password, BCRYPT_ROUNDS).replace(/^\$2b\$/, "$2a$");
}

/** Whether `hash` is the bcrypt hash of `text`; a hash that is none, or of more than 2^14 rounds, matches nothing. */
export function checkHash(text: string, hash: string): boolean {
  const known = remembered.get(hash);
  if (known !== undefined && known === text) return true;
  const rounds = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)?.[1];
  if (rounds === undefined || Number(rounds) > MAX_BCRYPT_ROUNDS) return false;
  if (!compareSync(text, hash)) return false;
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(hash, text);
  return true;
}

/** What matched before: every request of a client comes with the same secret, and bcrypt is slow on purpose. */
const remembered = new Map<string, string>();

function fresh(head: Buffer): FreshSecret {
  const random = randomBytes(RANDOM_BYTES);
  const secret = Buffer.concat([head, random]).toString("base64url");
  return { secret, hash: hashPassword(random.toString("base64url")) };
}

function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, value));
  return bytes;
}
