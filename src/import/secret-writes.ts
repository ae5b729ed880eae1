/**
 * Credentials, keys and tokens, written under their own ids with their own hashes, so that old passwords and secrets
 * go on working. Each kind has one way that works, and others that look as if they did (live 23 to 25):
 *
 * - credentials: as `:server`; an admin's hash is dropped without a word, and the document counts as having a password.
 * - keys: `Create` with the hash; `Insert` drops it, `Update` ignores it.
 * - tokens: `Create` without the hash, then `Update` with it; one created with its hash never authenticates.
 *
 * Every write can be repeated without changing the result.
 */
import type { DefinitionLine } from "../archive/archive.ts";
import { ArkError, isArkError } from "../errors/errors.ts";
import { type Connection, scoped } from "../fauna/fauna.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, printJson } from "../values/json.ts";
import { Time } from "../values/time.ts";
import type { SecretKind } from "./source.ts";

/** One secret as it has to be in the target. */
export interface Secret {
  readonly id: string;
  /** Its members without `ref`, `ts` and the hash. */
  readonly params: JsonObject;
  /** Undefined where the source has none, such as credentials that an admin wrote. */
  readonly hash: string | undefined;
}

export interface SecretRefusal {
  readonly id: string;
  readonly reason: string;
}

const HASH = { credentials: "hashed_password", keys: "hashed_secret", tokens: "hashed_secret" };

/** @throws ArkError ERR_RECORD when the line is not a secret as v4 prints it. */
export function parseSecretLine(kind: SecretKind, { name, v4 }: DefinitionLine): Secret {
  const json = v4 === undefined ? undefined : parseJson(v4);
  if (!isJsonObject(json) || !/^(0|[1-9]\d{0,18})$/.test(name)) {
    throw new ArkError("ERR_RECORD", `A line of the archive's ${kind} is not one.`);
  }
  const own = new Set(["ref", "ts", HASH[kind]]);
  const hash = json.get(HASH[kind]);
  return {
    id: name,
    params: new Map([...json].filter(([member]) => !own.has(member))),
    hash: typeof hash === "string" ? hash : undefined,
  };
}

/** Whether the secret's ttl has passed, by a time in microseconds. */
export function hasExpired({ params }: Secret, now: bigint): boolean {
  const ttl = params.get("ttl");
  const time = isJsonObject(ttl) ? ttl.get("@ts") : undefined;
  return typeof time === "string" && Time.parse(time).toMicros() <= now;
}

/** The names that the child database of a key is reached by; undefined for the key's own database. */
export function databaseOf({ params }: Secret): string | undefined {
  const ref = params.get("database");
  const inner = isJsonObject(ref) ? ref.get("@ref") : undefined;
  const id = isJsonObject(inner) ? inner.get("id") : undefined;
  return typeof id === "string" ? id : undefined;
}

export interface SecretWriteOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

export interface SecretTarget {
  readonly target: Connection;
  /** The same database, in the role that may write this kind of secret. */
  readonly writer: Connection;
}

/** @throws ArkError ERR_FORBIDDEN where the target's secret is none of an admin. */
export async function secretTarget(
  target: Connection,
  kind: SecretKind,
  options: Pick<SecretWriteOptions, "signal">,
): Promise<SecretTarget> {
  // Only server permissions may write the hash of a password.
  const writer = kind === "credentials" ? await scoped(target, "", "server", options) : target;
  return { target, writer };
}

/**
 * Writes some secrets, and reads their hashes back.
 *
 * @returns those that the target refuses, or shows with another hash than the one that was written.
 * @throws ArkError for everything that is no secret's fault: access, connection, time.
 */
export async function writeSecrets(
  { target, writer }: SecretTarget,
  kind: SecretKind,
  secrets: readonly Secret[],
  options: SecretWriteOptions,
): Promise<SecretRefusal[]> {
  const refusals = await writeEach(writer, kind, secrets, options);
  const refused = new Set(refusals.map(({ id }) => id));
  const written = secrets.filter(({ id }) => !refused.has(id));
  return [...refusals, ...(await compareHashes(target, kind, written, options))];
}

/** All in one request; when the target refuses it, each by itself. */
async function writeEach(
  writer: Connection,
  kind: SecretKind,
  secrets: readonly Secret[],
  options: SecretWriteOptions,
): Promise<SecretRefusal[]> {
  try {
    for (const query of QUERIES[kind]) {
      const each = `{"foreach":{"lambda":"r","expr":${query}},"collection":{"quote":[${secrets.map(quoted).join(",")}]}}`;
      await writer.v4(`{"do":[${each},null]}`, { idempotent: true, ...options });
    }
    return [];
  } catch (error) {
    if (!isArkError(error, "ERR_DATABASE")) throw error;
    if (secrets.length === 1) return [{ id: secrets[0]!.id, reason: error.message }];
    const refusals: SecretRefusal[] = [];
    for (const secret of secrets) {
      refusals.push(...(await writeEach(writer, kind, [secret], options)));
    }
    return refusals;
  }
}

function quoted({ id, params, hash }: Secret): string {
  return printJson(
    new Map<string, Json>([
      ["id", id],
      ["params", params],
      ["hash", hash ?? null],
    ]),
  );
}

const of = (member: string): string => `{"select":"${member}","from":{"var":"r"},"default":null}`;
const refIn = (kind: SecretKind): string => `{"ref":{"${kind}":null},"id":${of("id")}}`;
const create = (kind: SecretKind, params: string): string =>
  `{"if":{"exists":${refIn(kind)}},"then":null,"else":{"do":[{"create":${refIn(kind)},"params":${params}},null]}}`;
const hashThere = (kind: SecretKind): string =>
  `{"select":"${HASH[kind]}","from":{"get":${refIn(kind)}},"default":null}`;
/** Sets the hash of one that is there, unless it has it. */
const update = (kind: SecretKind): string =>
  `{"if":{"equals":[${hashThere(kind)},${of("hash")}]},"then":null,"else":{"do":[{"update":${refIn(kind)},"params":{"object":{"${HASH[kind]}":${of("hash")}}}},null]}}`;
const withHash = (kind: SecretKind): string =>
  `{"merge":${of("params")},"with":{"object":{"${HASH[kind]}":${of("hash")}}}}`;

/** The requests that write `r`, one after the other. */
const QUERIES: Readonly<Record<SecretKind, readonly string[]>> = {
  // The update mends one that an earlier attempt wrote without its hash.
  credentials: [create("credentials", withHash("credentials")), update("credentials")],
  keys: [create("keys", withHash("keys"))],
  tokens: [create("tokens", of("params")), update("tokens")],
};

/** A hash that is not there is not noticed by anything else: garbage and nothing are accepted alike. */
async function compareHashes(
  target: Connection,
  kind: SecretKind,
  secrets: readonly Secret[],
  options: SecretWriteOptions,
): Promise<SecretRefusal[]> {
  if (secrets.length === 0) return [];
  const ids = secrets.map(({ id }) => `{"id":"${id}"}`).join(",");
  const read = `{"if":{"exists":${refIn(kind)}},"then":${hashThere(kind)},"else":null}`;
  const query = `{"map":{"lambda":"r","expr":${read}},"collection":{"quote":[${ids}]}}`;
  const { text } = await target.v4(query, { idempotent: true, ...options });
  const answer = parseJson(text);
  const hashes = isJsonObject(answer) ? answer.get("resource") : undefined;
  if (!Array.isArray(hashes) || hashes.length !== secrets.length) {
    throw new ArkError("ERR_PROTOCOL", `The target does not show its ${kind}.`, {
      place: target.place,
    });
  }
  return secrets
    .filter(({ hash }, index) => (hash ?? null) !== hashes[index])
    .map(({ id }) => ({
      id,
      reason: "the target shows another hash under this id, or none",
    }));
}
