/** Restores the secrets of one database, and counts what became of them. */
import { type Connection, definitions, identity, snapshotTime } from "../fauna/fauna.ts";
import { batch, mapConcurrent, type OnProgress } from "../flow/flow.ts";
import type { ImportNote } from "./notes.ts";
import {
  databaseOf,
  hasExpired,
  parseSecretLine,
  type Secret,
  type SecretRefusal,
  secretTarget,
  writeSecrets,
} from "./secret-writes.ts";
import type { ImportSource, SecretKind } from "./source.ts";

export interface SecretsOptions {
  readonly window: number;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** The target's time, in microseconds, by which a ttl has passed or not. */
  readonly now: () => bigint;
}

/** What became of the secrets of one kind. */
export interface SecretTally {
  read: number;
  written: number;
  /** The target refuses them, or does not show what was written. */
  refused: number;
}

/** Secrets in one request: each is small, and a refused one has all of its batch written one by one. */
const BATCH = 100;
const EXAMPLES = 10;

export class SecretsRun {
  readonly #target: Connection;
  readonly #source: ImportSource;
  readonly #options: SecretsOptions;
  readonly #notes = new Map<string, { message: string; ids: string[]; count: number }>();
  readonly tallies: Readonly<Record<SecretKind, SecretTally>> = {
    credentials: { read: 0, written: 0, refused: 0 },
    keys: { read: 0, written: 0, refused: 0 },
    tokens: { read: 0, written: 0, refused: 0 },
  };

  constructor(target: Connection, source: ImportSource, options: SecretsOptions) {
    this.#target = target;
    this.#source = source;
    this.#options = options;
  }

  get notes(): Omit<ImportNote, "database">[] {
    return [...this.#notes].map(([code, { message, ids, count }]) => ({
      code,
      message,
      collection: null,
      count,
      examples: ids,
    }));
  }

  /** After the documents that they belong to. */
  async credentials(): Promise<void> {
    await this.#write("credentials", () => undefined);
  }

  /** After the roles and child databases that they name. */
  async keys(): Promise<void> {
    const { signal } = this.#options;
    const at = await snapshotTime(this.#target, { signal });
    const there = await definitions(this.#target, "databases", { at, signal });
    const names = new Set(there.map(({ name }) => name));
    await this.#write("keys", (key) => {
      const database = databaseOf(key);
      return database === undefined || names.has(database) ? undefined : NO_DATABASE;
    });
  }

  /** Into the database that they were issued in; their secrets hold its id and open no other. */
  async tokens(): Promise<void> {
    const { globalId } = await identity(this.#target, { signal: this.#options.signal });
    const isSame = globalId === this.#source.globalId;
    await this.#write("tokens", () => (isSame ? undefined : OTHER_DATABASE));
  }

  /** @param why not a secret is left out. */
  async #write(kind: SecretKind, why: (secret: Secret) => Reason | undefined): Promise<void> {
    const { secrets } = this.#source;
    if (secrets === undefined || secrets.counts[kind] === 0) return;
    const { window, signal, timeoutMs } = this.#options;
    const tally = this.tallies[kind];
    const place = await secretTarget(this.#target, kind, { signal });
    const writing = mapConcurrent(
      batch(this.#chosen(kind, why), { countMax: BATCH }),
      async (some) => ({
        count: some.length,
        refusals: await writeSecrets(place, kind, some, { signal, timeoutMs }),
      }),
      { concurrency: window },
    );
    for await (const { count, refusals } of writing) {
      tally.written += count - refusals.length;
      for (const refusal of refusals) this.#refused(kind, refusal);
      const done = tally.written + tally.refused;
      const total = secrets.counts[kind];
      this.#options.onProgress({ phase: "secrets", item: kind, done, total, unit: "records" });
      signal.throwIfAborted();
    }
  }

  async *#chosen(
    kind: SecretKind,
    why: (secret: Secret) => Reason | undefined,
  ): AsyncGenerator<Secret> {
    for await (const line of this.#source.secrets!.lines(kind)) {
      const secret = parseSecretLine(kind, line);
      this.tallies[kind].read++;
      const reason = hasExpired(secret, this.#options.now()) ? EXPIRED : why(secret);
      if (reason === undefined) yield secret;
      else this.#note(`${kind}_${reason.code}`, reason.message, secret.id);
    }
  }

  #refused(kind: SecretKind, { id, reason }: SecretRefusal): void {
    this.tallies[kind].refused++;
    this.#note(`${kind}_refused`, `The target refused these ${kind}; the first: ${reason}`, id);
  }

  #note(code: string, message: string, id: string): void {
    const found = this.#notes.get(code) ?? { message, ids: [], count: 0 };
    found.count++;
    if (found.ids.length < EXAMPLES) found.ids.push(id);
    this.#notes.set(code, found);
  }
}

interface Reason {
  readonly code: string;
  readonly message: string;
}

const EXPIRED: Reason = {
  code: "expired",
  message: "The ttl had passed; the secret would open nothing.",
};

const NO_DATABASE: Reason = {
  code: "without_database",
  message: "Keys for child databases that the target does not have; they were not restored.",
};

const OTHER_DATABASE: Reason = {
  code: "elsewhere",
  message:
    "A token's secret holds the id of the database that issued it and opens no other; log in again for new ones.",
};
