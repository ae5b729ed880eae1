/** Passwords, keys and tokens: kept out of an archive unless asked for, and working again after a restore. */
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive/archive.ts";
import { type ExportOptions, exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection, scoped } from "../../src/fauna/fauna.ts";
import { createDatabase, importArchive } from "../../src/import/import.ts";
import { type JsonObject, parseJson, printJson } from "../../src/values/json.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { contents } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";

let source: Bench;
let other: Bench;

beforeAll(async () => {
  source = await Bench.start();
  other = await Bench.start();
});

afterAll(async () => {
  await source?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

interface Made {
  readonly database: Connection;
  /** The secrets of keys, by what they are. */
  readonly keys: Readonly<Record<string, string>>;
  readonly token: string;
  /** Every hash that the database holds. */
  readonly hashes: readonly string[];
}

/** Users with passwords, keys in every role, a key for a child, a token. */
async function build(): Promise<Made> {
  const database = await source.emptyDatabase();
  await database.v4('{"create_collection":{"object":{"name":"users"}}}');
  await database.v4(
    '{"create_role":{"object":{"name":"reader","privileges":[{"object":{"resource":{"collection":"users"},"actions":{"object":{"read":true}}}}]}}}',
  );
  await createDatabase(database, "kid");
  for (const id of ["1", "2", "3"]) {
    await database.v4(
      `{"create":{"ref":{"collection":"users"},"id":"${id}"},"params":{"object":{"data":{"object":{"n":${id}}}}}}`,
    );
  }
  for (const id of ["1", "2"]) {
    await database.v4(
      `{"create":{"ref":{"credentials":null},"id":"60${id}"},"params":{"object":{"instance":{"ref":{"collection":"users"},"id":"${id}"},"password":"open ${id}","data":{"object":{"since":2020}}}}}`,
    );
  }
  // Its document is gone.
  await database.v4(
    '{"create":{"ref":{"credentials":null},"id":"699"},"params":{"object":{"instance":{"ref":{"collection":"users"},"id":"99"},"password":"nobody"}}}',
  );
  const keys: Record<string, string> = {};
  const make = async (name: string, params: string) => {
    const { text } = await database.v4(
      `{"select":"secret","from":{"create_key":{"object":${params}}}}`,
    );
    keys[name] = (parseJson(text) as JsonObject).get("resource") as string;
  };
  await make("server", '{"role":"server","data":{"object":{"name":"ours"}}}');
  await make("admin", '{"role":"admin"}');
  await make("reader", '{"role":{"role":"reader"}}');
  await make("both", '{"role":[{"role":"reader"}]}');
  await make("kid", '{"role":"server","database":{"database":"kid"}}');
  await make("ending", '{"role":"client","ttl":{"time":"2999-01-01T00:00:00Z"}}');
  const login = await database.v4(
    '{"select":"secret","from":{"login":{"ref":{"collection":"users"},"id":"1"},"params":{"object":{"password":"open 1"}}}}',
  );
  const token = (parseJson(login.text) as JsonObject).get("resource") as string;
  const hashes: string[] = [];
  for (const kind of ["credentials", "keys", "tokens"]) {
    const { text } = await database.v4(
      `{"map":{"lambda":"r","expr":{"get":{"var":"r"}}},"collection":{"paginate":{"${kind}":null}}}`,
    );
    hashes.push(...[...text.matchAll(/"hashed_\w+":"([^"]+)"/g)].map((match) => match[1]!));
  }
  expect(hashes).toHaveLength(3 + 6 + 1);
  return { database, keys, token, hashes };
}

async function exported(from: Connection, more: Partial<ExportOptions> = {}): Promise<MemoryStore> {
  const archive = new MemoryStore();
  await exportDatabase({ source: from, target: archive, ...more });
  return archive;
}

const BARE = { secrets: true, plaintextSecrets: true };

/** Everything in an archive as one text, decompressed. */
async function plainText(archive: MemoryStore): Promise<string> {
  const files = await contents(archive);
  return [...files]
    .map(([name, bytes]) => (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1"))
    .join("\n");
}

async function asked(database: Connection, query: string): Promise<string> {
  const { text } = await database.v4(query);
  return printJson((parseJson(text) as JsonObject).get("resource")!);
}

const identify = (id: string, password: string) =>
  `{"identify":{"ref":{"collection":"users"},"id":"${id}"},"password":"${password}"}`;

/** What a secret may do in a database: reads a user, and makes one. */
async function mayDo(bench: Bench, secret: string): Promise<string> {
  const connection = connect({ endpoint: bench.endpoint, secret, retry: { attempts: 1 } });
  const attempt = async (query: string) => {
    try {
      await connection.v4(query);
      return "yes";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  try {
    const read = await attempt('{"get":{"ref":{"collection":"users"},"id":"1"}}');
    const write = await attempt('{"create":{"collection":"users"},"params":{"object":{}}}');
    return `${read} ${write}`;
  } finally {
    await connection.close();
  }
}

describe("an export without --secrets", () => {
  it("holds no hash in any decompressed byte, and says what it left out", async () => {
    const { database, hashes } = await build();
    const archive = new MemoryStore();
    const { notes } = await exportDatabase({ source: database, target: archive });
    const text = await plainText(archive);
    expect(hashes.filter((hash) => text.includes(hash))).toEqual([]);
    expect(text).not.toContain("$2a$");
    expect(text).not.toContain("hashed_");
    expect(notes.map(({ code, count }) => [code, count])).toEqual(
      expect.arrayContaining([
        ["credentials", 3],
        ["keys", 6],
        ["tokens", 1],
      ]),
    );
  });

  it("leaves nothing to be restored", async () => {
    const { database } = await build();
    const target = await other.emptyDatabase();
    const report = await importArchive({ source: await exported(database), target });
    expect(report.secrets.keys).toEqual({ read: 0, written: 0, refused: 0 });
    expect(await asked(target, identify("1", "open 1"))).toBe("false");
  });
});

describe("an export with --secrets", () => {
  it("is refused, before anything is written, unless it is encrypted or somebody insists", async () => {
    const database = await source.emptyDatabase();
    const archive = new MemoryStore();
    const work = exportDatabase({ source: database, target: archive, secrets: true });
    await expect(work).rejects.toMatchObject({ code: "ERR_USAGE", place: "--secrets" });
    expect([...(await contents(archive)).keys()]).toEqual([]);
  });

  it("holds them all, under their own ids", async () => {
    const { database, hashes } = await build();
    const archive = await exported(database, BARE);
    const text = await plainText(archive);
    expect(hashes.filter((hash) => !text.includes(hash))).toEqual([]);
    const { manifest } = await openArchive(archive);
    const kinds = manifest.databases[0]!.schema.map(({ kind, definitions }) => [kind, definitions]);
    expect(kinds).toEqual(
      expect.arrayContaining([
        ["credentials", 3],
        ["keys", 6],
        ["tokens", 1],
      ]),
    );
    expect(manifest.options).toMatchObject({ secrets: true });
    const codes = manifest.fidelity.notes.map(({ code }) => code);
    expect(codes).not.toContain("keys");
  });

  it("shows no hash in an encrypted archive's stored bytes, and restores from it", async () => {
    const { database, hashes, keys } = await build();
    const archive = await exported(database, {
      secrets: true,
      encryption: { passphrase: "only for this test", workFactor: 2 },
    });
    const stored = [...(await contents(archive)).values()].map((bytes) => bytes.toString("latin1"));
    expect(hashes.filter((hash) => stored.some((text) => text.includes(hash)))).toEqual([]);
    const target = await other.emptyDatabase();
    const unlock = { passphrase: "only for this test" };
    await importArchive({ source: archive, unlock, target, recursive: false });
    expect(await mayDo(other, keys["server"]!)).toBe("yes yes");
    await removeKeys(target);
  });
});

/** Ids of keys are one cluster's: the next test of the same archive needs them again. */
async function removeKeys(database: Connection): Promise<void> {
  for (const kind of ["keys", "tokens"]) {
    await database.v4(
      `{"foreach":{"lambda":"r","expr":{"delete":{"var":"r"}}},"collection":{"paginate":{"${kind}":null}}}`,
    );
  }
}

describe("after a restore in another cluster", () => {
  it("old passwords log in, and no others", async () => {
    const { database } = await build();
    const archive = await exported(database, BARE);
    const target = await other.emptyDatabase();
    const report = await importArchive({ source: archive, target });
    expect(report.secrets.credentials).toEqual({ read: 3, written: 3, refused: 0 });
    expect(await asked(target, identify("1", "open 1"))).toBe("true");
    expect(await asked(target, identify("2", "open 2"))).toBe("true");
    expect(await asked(target, identify("2", "open 1"))).toBe("false");
    expect(await asked(target, identify("3", "open 1"))).toBe("false");
    const login =
      '{"login":{"ref":{"collection":"users"},"id":"1"},"params":{"object":{"password":"open 1"}}}';
    expect(await asked(target, login)).toContain('"secret"');
    // Also those of a document that is gone, with id and data.
    const of = (from: Connection, id: string) =>
      asked(
        from,
        `{"merge":{"get":{"ref":{"credentials":null},"id":"${id}"}},"with":{"object":{"ts":0}}}`,
      );
    for (const id of ["601", "699"]) expect(await of(target, id)).toBe(await of(database, id));
    await removeKeys(target);
  });

  it("old keys authenticate, in their own role and no more", async () => {
    const { database, keys } = await build();
    const archive = await exported(database, { ...BARE, recursive: true });
    const target = await other.emptyDatabase();
    const report = await importArchive({ source: archive, target });
    expect(report.secrets.keys).toEqual({ read: 6, written: 6, refused: 0 });
    for (const name of ["server", "admin", "reader", "both", "ending", "kid"]) {
      expect([name, await mayDo(other, keys[name]!)]).toEqual([
        name,
        await mayDo(source, keys[name]!),
      ]);
    }
    expect(await mayDo(other, keys["reader"]!)).toBe("yes ERR_FORBIDDEN");
    const admin = connect({ endpoint: other.endpoint, secret: keys["admin"]! });
    const limited = await scoped(admin, "kid", "server-readonly");
    expect((await limited.v4("1")).text).toBe('{"resource":1}');
    await admin.close();
    const all =
      '{"map":{"lambda":"r","expr":{"merge":{"get":{"var":"r"}},"with":{"object":{"ts":0}}}},"collection":{"paginate":{"keys":null}}}';
    expect(await asked(target, all)).toBe(await asked(database, all));
  });

  it("passwords and keys of child databases work in theirs", async () => {
    const database = await source.emptyDatabase();
    await createDatabase(database, "kid");
    const kid = await scoped(database, "kid");
    await kid.v4('{"create_collection":{"object":{"name":"users"}}}');
    await kid.v4('{"create":{"ref":{"collection":"users"},"id":"1"},"params":{"object":{}}}');
    await kid.v4(
      '{"create":{"credentials":null},"params":{"object":{"instance":{"ref":{"collection":"users"},"id":"1"},"password":"inside"}}}',
    );
    const { text } = await kid.v4(
      '{"select":"secret","from":{"create_key":{"object":{"role":"server"}}}}',
    );
    const archive = await exported(database, { ...BARE, recursive: true });
    const target = await other.emptyDatabase();
    const { secrets } = await importArchive({ source: archive, target });
    expect(secrets.credentials.written).toBe(1);
    expect(secrets.keys.written).toBe(1);
    const copy = await scoped(target, "kid");
    expect(await asked(copy, identify("1", "inside"))).toBe("true");
    const secret = (parseJson(text) as JsonObject).get("resource") as string;
    expect(await mayDo(other, secret)).toBe("yes yes");
  });

  it("tokens are not restored but counted, for they open no other database", async () => {
    const { database, token } = await build();
    const archive = await exported(database, BARE);
    const target = await other.emptyDatabase();
    const { notes, secrets } = await importArchive({ source: archive, target });
    expect(secrets.tokens).toEqual({ read: 1, written: 0, refused: 0 });
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "tokens_elsewhere", count: 1, collection: null }),
    );
    expect(await asked(target, '{"paginate":{"tokens":null}}')).toBe('{"data":[]}');
    expect(await mayDo(other, token)).toContain("ERR_UNAUTHORIZED");
    await removeKeys(target);
  });

  it("keys for child databases that are not there are counted, and all others restored", async () => {
    const { database, keys } = await build();
    const archive = await exported(database, BARE);
    const target = await other.emptyDatabase();
    const { notes, secrets } = await importArchive({ source: archive, target });
    expect(secrets.keys).toEqual({ read: 6, written: 5, refused: 0 });
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "keys_without_database", count: 1 }),
    );
    expect(await mayDo(other, keys["kid"]!)).toContain("ERR_UNAUTHORIZED");
    expect(await mayDo(other, keys["server"]!)).toBe("yes yes");
    await removeKeys(target);
  });

  it("--skip-secrets leaves them all out", async () => {
    const { database, keys } = await build();
    const archive = await exported(database, BARE);
    const target = await other.emptyDatabase();
    const report = await importArchive({ source: archive, target, secrets: false });
    expect(report.secrets.keys.read).toBe(0);
    expect(await mayDo(other, keys["server"]!)).toContain("ERR_UNAUTHORIZED");
  });

  it("the new audience of access providers is noted", async () => {
    const database = await source.emptyDatabase();
    await database.v10(
      'AccessProvider.create({ name: "sso", issuer: "https://sso.example/", jwks_uri: "https://sso.example/jwks.json" })',
    );
    const target = await other.emptyDatabase();
    const { notes } = await importArchive({ source: await exported(database), target });
    expect(notes).toEqual([
      expect.objectContaining({ code: "audience", count: 1, examples: ["sso"] }),
    ]);
  });
});

describe("secrets that cannot be written as they were", () => {
  it("a key under an id that another key has in the target is refused, and that one is left as it is", async () => {
    const { database, keys } = await build();
    const archive = await exported(database, BARE);
    const target = await other.emptyDatabase();
    const of = '{"select":["ref","id"],"from":{"key_from_secret":"SECRET"}}';
    const id = await asked(database, of.replace("SECRET", keys["server"]!));
    const { text } = await target.v4(
      `{"select":"secret","from":{"create":{"ref":{"keys":null},"id":${id}},"params":{"object":{"role":"client"}}}}`,
    );
    const mine = (parseJson(text) as JsonObject).get("resource") as string;
    const { notes, secrets } = await importArchive({ source: archive, target });
    expect(secrets.keys).toEqual({ read: 6, written: 4, refused: 1 });
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "keys_refused", count: 1, examples: [JSON.parse(id)] }),
    );
    expect(await mayDo(other, mine)).toBe("ERR_FORBIDDEN ERR_FORBIDDEN");
    expect(await mayDo(other, keys["server"]!)).toContain("ERR_UNAUTHORIZED");
    await removeKeys(target);
  });

  it("a key whose role is not there is refused, with its id, and the others are written", async () => {
    const database = await source.emptyDatabase();
    await database.v4('{"create_collection":{"object":{"name":"users"}}}');
    await database.v4('{"create":{"ref":{"collection":"users"},"id":"1"},"params":{"object":{}}}');
    await database.v4('{"create_role":{"object":{"name":"brief","privileges":[]}}}');
    const { text } = await database.v4(
      '{"select":["ref","id"],"from":{"create_key":{"object":{"role":{"role":"brief"}}}}}',
    );
    const id = (parseJson(text) as JsonObject).get("resource") as string;
    const kept = await database.v4(
      '{"select":"secret","from":{"create_key":{"object":{"role":"server"}}}}',
    );
    await database.v4('{"delete":{"role":"brief"}}');
    const target = await other.emptyDatabase();
    const archive = await exported(database, BARE);
    const { notes, secrets } = await importArchive({ source: archive, target });
    expect(secrets.keys).toEqual({ read: 2, written: 1, refused: 1 });
    expect(notes).toContainEqual(
      expect.objectContaining({ code: "keys_refused", count: 1, examples: [id] }),
    );
    const secret = (parseJson(kept.text) as JsonObject).get("resource") as string;
    expect(await mayDo(other, secret)).toBe("yes yes");
  });

  it("one whose ttl passes between export and import is noted as expired", async () => {
    let ahead = 0n;
    const bench = await Bench.start({
      clock: () => BigInt(Date.now()) * 1000n + ahead,
    });
    try {
      const database = await bench.emptyDatabase();
      const at = new Date(Date.now() + 60_000).toISOString();
      await database.v4(
        `{"do":[{"create_key":{"object":{"role":"server","ttl":{"time":"${at}"}}}},1]}`,
      );
      const archive = await exported(database, BARE);
      ahead = 120_000_000n;
      const target = await bench.emptyDatabase();
      const { notes, secrets } = await importArchive({ source: archive, target });
      expect(secrets.keys).toEqual({ read: 1, written: 0, refused: 0 });
      expect(notes).toContainEqual(expect.objectContaining({ code: "keys_expired", count: 1 }));
    } finally {
      await bench[Symbol.asyncDispose]();
    }
  });
});

describe("into the same database", () => {
  it("tokens are restored, and authenticate", async () => {
    const { database, token } = await build();
    const archive = await exported(database, BARE);
    expect(await mayDo(source, token)).not.toContain("ERR_UNAUTHORIZED");
    await database.v4(
      '{"do":[{"delete":{"role":"reader"}},{"foreach":{"lambda":"r","expr":{"delete":{"var":"r"}}},"collection":{"paginate":{"tokens":null}}},{"foreach":{"lambda":"r","expr":{"delete":{"var":"r"}}},"collection":{"paginate":{"keys":null}}},{"foreach":{"lambda":"r","expr":{"delete":{"var":"r"}}},"collection":{"paginate":{"credentials":null}}},1]}',
    );
    await database.v4('{"do":[{"delete":{"collection":"users"}},1]}');
    expect(await mayDo(source, token)).toContain("ERR_UNAUTHORIZED");
    const { secrets } = await importArchive({ source: archive, target: database });
    expect(secrets).toEqual({
      credentials: { read: 3, written: 3, refused: 0 },
      keys: { read: 6, written: 6, refused: 0 },
      tokens: { read: 1, written: 1, refused: 0 },
    });
    expect(await mayDo(source, token)).not.toContain("ERR_UNAUTHORIZED");
  });
});

describe("an import of secrets that was cut off", () => {
  it("is finished by --continue, whichever request it was", async () => {
    const { database, keys } = await build();
    const archive = await exported(database, BARE);
    const fault = { on: false, count: 0, at: Infinity };
    const bench = await Bench.start({
      faults: () => (fault.on && ++fault.count === fault.at ? { cut: "after" } : undefined),
    });
    const folder = await temporaryFolder();
    const options = { source: archive, window: 1, deadLetterFile: `${folder}/refused.ndjson` };
    try {
      const first = await bench.emptyDatabase();
      Object.assign(fault, { on: true, count: 0 });
      await importArchive({ ...options, target: first });
      const requests = fault.count;
      fault.on = false;
      await removeKeys(first);
      // Secrets come last.
      for (let at = requests - 24; at <= requests; at++) {
        const target = await bench.emptyDatabase();
        Object.assign(fault, { on: true, count: 0, at });
        const cut = await importArchive({ ...options, target }).then(
          () => false,
          () => true,
        );
        fault.on = false;
        if (cut) {
          await importArchive({ ...options, target, continue: true }).catch((error: unknown) => {
            // The cut request was the last: the mark was gone already.
            expect(error).toMatchObject({ code: "ERR_TARGET_NOT_EMPTY" });
          });
        }
        expect(await mayDo(bench, keys["server"]!)).toBe("yes yes");
        expect(await asked(target, identify("1", "open 1"))).toBe("true");
        await removeKeys(target);
      }
    } finally {
      await bench[Symbol.asyncDispose]();
    }
  });
});
