/** A target for tests of whole databases: an emulator, databases in it, and independent readings of them. */
import { randomBytes } from "node:crypto";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/emulator.ts";
import { connect, type Connection, type ConnectOptions } from "../../src/fauna/fauna.ts";
import { createDatabase } from "../../src/import/import.ts";
import { openArchive } from "../../src/archive/archive.ts";
import type { ImportReport } from "../../src/import/import.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { type DatabaseContent, readIndependently } from "./independent-reader.ts";

export class Bench implements AsyncDisposable {
  readonly endpoint: string;
  readonly secret: string;
  readonly root: Connection;
  readonly #close: () => Promise<void>;
  #databases = 0;

  private constructor(
    endpoint: string,
    secret: string,
    root: Connection,
    close: () => Promise<void>,
  ) {
    this.endpoint = endpoint;
    this.secret = secret;
    this.root = root;
    this.#close = close;
  }

  /**
   * An empty emulator of the test's own, and a connection to its root that gives up soon. With `FAUNA_ENDPOINT` and
   * `FAUNA_SECRET` a database of that server, unless the test asks for what only the emulator has.
   */
  static async start(
    emulator: EmulatorOptions = {},
    connection: Partial<ConnectOptions> = {},
  ): Promise<Bench> {
    const elsewhere = Object.keys(emulator).length === 0 ? await ofEndpoint() : undefined;
    const running = elsewhere ?? (await startEmulator(emulator));
    const { endpoint, secret } = running;
    const root = connect({ endpoint, secret, retry: { attempts: 1 }, ...connection });
    return new Bench(endpoint, secret, root, async () => {
      await root.close();
      await running.close();
    });
  }

  /** A new child database. */
  emptyDatabase(): Promise<Connection> {
    return createDatabase(this.root, `db${++this.#databases}`);
  }

  /** The secret of a database of this bench. */
  secretOf({ path }: Connection): string {
    return path === "" ? this.secret : `${this.secret}:${path}:admin`;
  }

  read(database: Connection): Promise<DatabaseContent> {
    return readIndependently(this.endpoint, this.secretOf(database));
  }

  /** Definitions that a database has; of an untouched one none. */
  async definitionsOf(database: Connection): Promise<string[]> {
    return [...(await this.read(database)).definitions.keys()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

/** A child database of the server that the environment names, with a key of its own; deleted when it is closed. */
async function ofEndpoint(): Promise<Pick<Emulator, "endpoint" | "secret" | "close"> | undefined> {
  const { FAUNA_ENDPOINT: endpoint, FAUNA_SECRET: parent } = process.env;
  if (endpoint === undefined || parent === undefined) return undefined;
  const above = connect({ endpoint, secret: parent });
  const name = `ark_test_${randomBytes(6).toString("hex")}`;
  await above.v10(`Database.create({ name: "${name}", typechecked: false })`);
  const { dataText } = await above.v10(`Key.create({ role: "admin", database: "${name}" }).secret`);
  const close = async (): Promise<void> => {
    await above.v10(`Database.byName("${name}")?.delete()`);
    await above.close();
  };
  return { endpoint, secret: JSON.parse(dataText) as string, close };
}

export interface CollectionFingerprint {
  readonly name: string;
  readonly documents: number;
  /** With and without `ts`. */
  readonly exact: string;
  readonly content: string;
}

export async function fingerprints(archive: Store | string): Promise<CollectionFingerprint[]> {
  const { manifest } = await openArchive(
    typeof archive === "string" ? openStore(archive) : archive,
  );
  return manifest.databases.flatMap(({ collections }) =>
    collections.map(({ name, documents, fingerprint: { exact, content } }) => ({
      name,
      documents,
      exact,
      content,
    })),
  );
}

/** Documents by `collection/id` that an import says it had to give a new `ts`. */
export function withNewTs({ notes }: Pick<ImportReport, "notes">): Set<string> {
  const named = notes.filter(({ code }) => code === "new_ts");
  return new Set(
    named.flatMap(({ collection, examples }) => examples.map((id) => `${collection}/${id}`)),
  );
}
