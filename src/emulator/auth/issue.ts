/** The hidden fields of new keys and tokens, for whoever creates their documents. */
import { createHash } from "node:crypto";
import type { Database } from "../data/database.ts";
import type { Data } from "../data/value.ts";
import { newKeySecret, newTokenSecret } from "./secret.ts";

/** A secret, shown once, and the fields to store in the document that it belongs to. */
export interface Issued {
  readonly secret: string;
  readonly fields: readonly (readonly [string, Data])[];
}

/** The secret of a new key: store `hashed_secret`. */
export function issueKey(id: bigint): Issued {
  const { secret, hash } = newKeySecret(id);
  return { secret, fields: [["hashed_secret", hash]] };
}

/**
 * The secret of a new token: store `hashed_secret`, and `global_id`, which no protocol shows. A token
 * without it never authenticates: so it is with tokens that were created from a hash (live 25).
 */
export function issueToken(id: bigint, database: Database): Issued {
  const globalId = globalNumber(database);
  const { secret, hash } = newTokenSecret(id, globalId);
  return {
    secret,
    fields: [
      ["hashed_secret", hash],
      ["global_id", globalId],
    ],
  };
}

/** The number that stands for a database in the secrets of its tokens. */
export function globalNumber(database: Database): bigint {
  const known = numbers.get(database);
  if (known !== undefined) return known;
  const digest = createHash("sha256").update(database.globalId).digest();
  const number = BigInt.asUintN(63, digest.readBigUInt64BE(0));
  numbers.set(database, number);
  return number;
}

const numbers = new WeakMap<Database, bigint>();
