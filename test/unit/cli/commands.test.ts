/** The commands in this process, against an emulator of the test's own. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { planSummary } from "../../../src/cli/commands/plan.ts";
import {
  ERROR_CONTRACT,
  EXPORT_CONTRACT,
  EXPORT_PLAN_CONTRACT,
  IMPORT_CONTRACT,
  PLAN_CONTRACT,
  RESTORE_HISTORY_CONTRACT,
  SHOW_COLLECTION_CONTRACT,
  SHOW_CONTRACT,
  VERIFY_CONTRACT,
} from "../../../src/cli/contracts.ts";
import { runCommandLine } from "../../../src/cli/run.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";
import { ArkError } from "../../../src/errors/errors.ts";
import { connect, scoped } from "../../../src/fauna/fauna.ts";
import { emulatorTarget } from "../../support/emulator.ts";
import { temporaryFolder } from "../../support/folders.ts";
import type { Target } from "../../support/target.ts";
import { recordingTerminal } from "../../support/terminal.ts";

let emulator: Target;
beforeAll(async () => {
  emulator = await emulatorTarget();
  const connection = connect({ endpoint: emulator.endpoint, secret: emulator.secret });
  await connection.v10(`Collection.create({
    name: "Product",
    fields: { name: { signature: "String" }, price: { signature: "Double" } },
    wildcard: "Any",
    constraints: [{ unique: ["name"] }]
  })
  Function.create({ name: "double", body: "x => x * 2" })`);
  await connection.v10(`Set.sequence(0, 20).forEach(n => Product.create({
    id: (100 + n).toString(), name: "p" + n.toString(), price: n * 1.0
  }))`);
  await connection.close();
});
afterAll(() => emulator.close());

async function call(words: readonly string[], more: Partial<Terminal> = {}) {
  const env = { FAUNA_ENDPOINT: emulator.endpoint, FAUNA_SECRET: emulator.secret };
  const terminal = recordingTerminal({ env, ...more });
  const status = await runCommandLine(words, terminal, { commands: COMMANDS, version: "0.0.0" });
  const { stdout, stderr } = terminal;
  return { status, stdout, stderr };
}

/** Exports the database into a folder of its own. */
async function exported(): Promise<string> {
  const archive = join(await temporaryFolder(), "archive");
  const { status, stderr } = await call(["export", archive]);
  expect(status, stderr).toBe(0);
  return archive;
}

const promised = (contract: { members: Readonly<Record<string, string>> }) =>
  Object.keys(contract.members).toSorted();
const keysOf = (json: string) => Object.keys(JSON.parse(json) as object).toSorted();

/** A line of Fauna's own export. */
const taggedLine = (id: string, members: string) =>
  `{"id":"${id}","coll":{"@mod":"Thing"},"ts":{"@time":"2020-01-01T00:00:00Z"}${members}}\n`;

let databases = 0;
const newName = () => `copy${++databases}`;

describe("every command", () => {
  it.each(COMMANDS.map(({ name }) => name))(
    "%s --help shows examples and exit statuses",
    async (name) => {
      const { status, stdout } = await call([name, "--help"]);
      expect(status).toBe(0);
      expect(stdout).toContain("Examples:");
      expect(stdout).toContain(`fauna-ark ${name}`);
      expect(stdout).toContain("EXIT STATUS");
    },
  );

  it.each(COMMANDS.map(({ name }) => name))(
    "%s refuses a flag that it does not know",
    async (name) => {
      const required = COMMANDS.find((each) => each.name === name)!.positionals.filter(
        (each) => each.required,
      );
      const { status, stderr } = await call([name, ...required.map(() => "x"), "--jsno"]);
      expect(status).toBe(2);
      expect(stderr).toContain("Did you mean --json?");
    },
  );
});

describe("connecting", () => {
  it.each([
    ["no endpoint", { FAUNA_SECRET: "secret" }, 2, "--endpoint", "FAUNA_ENDPOINT"],
    ["no secret", { FAUNA_ENDPOINT: "http://127.0.0.1:1" }, 2, "FAUNA_SECRET", "--secret-file"],
    [
      "an endpoint that is no URL",
      { FAUNA_ENDPOINT: "db fauna com", FAUNA_SECRET: "secret" },
      2,
      "ERR_USAGE",
      "http",
    ],
    [
      "an endpoint where nothing listens",
      { FAUNA_ENDPOINT: "http://127.0.0.1:1", FAUNA_SECRET: "secret" },
      10,
      "127.0.0.1:1",
      "port",
    ],
  ])(
    "with %s ends with its own exit status, place and remedy",
    async (_, env, status, place, remedy) => {
      const archive = join(await temporaryFolder(), "archive");
      const result = await call(["export", archive], { env });
      expect(result.status).toBe(status);
      expect(result.stderr).toContain(place);
      expect(result.stderr).toContain(remedy);
      await expect(readdir(archive)).rejects.toThrow("ENOENT");
    },
  );

  it("with a wrong secret is exit 11 and does not repeat the secret", async () => {
    const env = { FAUNA_ENDPOINT: emulator.endpoint, FAUNA_SECRET: "fnWRONGwrongWRONG" };
    const archive = join(await temporaryFolder(), "archive");
    const { status, stderr } = await call(["export", archive, "--verbose"], { env });
    expect(status).toBe(11);
    expect(stderr).toContain("ERR_UNAUTHORIZED");
    expect(stderr).not.toContain("WRONG");
  });

  it("with a database that is not there is exit 11 and writes nothing", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const { status, stderr } = await call(["export", archive, "--database", "nowhere"]);
    expect(status).toBe(11);
    expect(stderr).toContain("There is no database nowhere");
    await expect(readdir(archive)).rejects.toThrow("ENOENT");
  });

  it("takes the secret from a file, or from the keyboard where there is one", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "secret");
    await writeFile(file, `${emulator.secret}\n`);
    const env = { FAUNA_ENDPOINT: emulator.endpoint };
    const byFile = ["export", join(folder, "a"), "--schema-only", "--secret-file", file];
    expect((await call(byFile, { env })).status).toBe(0);
    const asked: string[] = [];
    const askSecret = async (prompt: string) => {
      asked.push(prompt);
      return emulator.secret;
    };
    const typed = await call(["export", join(folder, "b"), "--schema-only"], { env, askSecret });
    expect(typed.status).toBe(0);
    expect(asked).toEqual([`Secret for ${emulator.endpoint}: `]);
  });

  it("refuses a file for the secret that is missing or empty", async () => {
    const folder = await temporaryFolder();
    const missing = join(folder, "missing");
    const archive = join(folder, "archive");
    expect((await call(["export", archive, "--secret-file", missing])).status).toBe(13);
    await writeFile(join(folder, "empty"), "\n");
    const empty = await call(["export", archive, "--secret-file", join(folder, "empty")]);
    expect(empty.status).toBe(2);
    expect(empty.stderr).toContain("is empty");
  });
});

describe("plan", () => {
  it("says on stdout what an export would cost, and what it cost to find out", async () => {
    const { status, stdout } = await call(["plan"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/documents +20 +counted by listing/);
    expect(stdout).toMatch(/time .* k·n·s\/b = /);
    expect(stdout).toMatch(/Product +20 +\d+ .* 1 of 20 +1 +20/);
    expect(stdout).toMatch(/Finding this out took \d+ requests, \d+ read ops/);
  });

  it("prints one JSON report with --json, of the members that docs/CLI.md promises", async () => {
    const { stdout } = await call(["plan", "--quick", "--json"]);
    expect(keysOf(stdout)).toEqual(promised(EXPORT_PLAN_CONTRACT));
  });

  it("says when the history window may be too short for an export", () => {
    const exact = { expected: 1, low: 1, high: 1 };
    const plan = {
      source: "http://127.0.0.1:8443",
      snapshot: { ts: "0", time: "1970-01-01T00:00:00Z" },
      counted: "by listing",
      documents: exact,
      plainBytes: exact,
      storedBytes: exact,
      readOps: exact,
      computeOps: exact,
      requests: exact,
      seconds: { expected: 600, low: 300, high: 1_000 },
      formula: { k: 1, n: 1, s: 1, b: 1 },
      historySeconds: 900,
      collections: [],
      used: { requests: 1, documents: 1, readOps: 1, computeOps: 1, bytes: 1, seconds: 1 },
    } as const;
    expect(planSummary(plan)).toMatch(/longer than the 15 min 0 s .* --catch-up/);
    expect(planSummary({ ...plan, historySeconds: 90_000 })).not.toContain("--catch-up");
  });
});

describe("export", () => {
  it("says on stderr what it did, and nothing on stdout", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const { status, stdout, stderr } = await call(["export", archive]);
    expect(status).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain("Exported 20 documents and 2 definitions");
    expect(stderr).toContain(archive);
    expect(stderr).toMatch(/as of +\d{4}-\d\d-\d\dT/);
  });

  it("prints one JSON report with --json, of the members that docs/CLI.md promises", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const { stdout } = await call(["export", archive, "--json"]);
    expect(keysOf(stdout)).toEqual(promised(EXPORT_CONTRACT));
    const restored = await call(["export", archive, "--restore-history", "--json"]);
    expect(keysOf(restored.stdout)).toEqual(promised(RESTORE_HISTORY_CONTRACT));
  });

  it("takes paths from the working folder of its terminal", async () => {
    const cwd = await temporaryFolder();
    expect((await call(["export", "here", "--compress", "none"], { cwd })).status).toBe(0);
    expect(await readdir(join(cwd, "here"))).toContain("manifest.json");
  });

  it("leaves out what the globs leave out", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const { stdout } = await call(["export", archive, "--exclude", "Prod*", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ documents: 0, definitions: 2 });
  });

  it("refuses a folder that is not empty, with exit status 2, and leaves it alone", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "mine"), "mine");
    const { status, stderr } = await call(["export", folder]);
    expect(status).toBe(2);
    expect(stderr).toContain("ERR_TARGET_NOT_EMPTY");
    expect(await readdir(folder)).toEqual(["mine"]);
  });

  it("is exit 13 where no folder can be made", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "not a folder");
    const { status, stderr } = await call(["export", join(folder, "file", "archive")]);
    expect(status).toBe(13);
    expect(stderr).toContain("ERR_FILE_ACCESS");
  });

  it("ends with the interruption's status when it is interrupted, without a manifest", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const signal = AbortSignal.abort(new ArkError("ERR_INTERRUPTED", "Stopped by SIGINT."));
    expect((await call(["export", archive], { signal })).status).toBe(130);
    await expect(readFile(join(archive, "manifest.json"))).rejects.toThrow("ENOENT");
  });
});

describe("import", () => {
  it("makes the database, fills it, and says what it did", async () => {
    const archive = await exported();
    const database = newName();
    const words = ["import", archive, "--database", database, "--create"];
    const { status, stdout, stderr } = await call(words);
    expect(status, stderr).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain("Imported 20 of 20 documents");
    expect(stderr).toContain(database);
    const verified = await call(["verify", archive, "--against", "--database", database]);
    expect(verified.status, verified.stdout).toBe(0);
  });

  it("prints one JSON report with --json, of the members that docs/CLI.md promises", async () => {
    const archive = await exported();
    const { stdout } = await call([
      "import",
      archive,
      "--database",
      newName(),
      "--create",
      "--json",
    ]);
    expect(keysOf(stdout)).toEqual(promised(IMPORT_CONTRACT));
  });

  it("only plans with --dry-run, also for a database that is yet to be created", async () => {
    const archive = await exported();
    const database = newName();
    const words = ["import", archive, "--database", database, "--create", "--dry-run"];
    const { status, stdout } = await call(words);
    expect(status).toBe(0);
    expect(stdout).toContain("(to be created): 20 documents");
    expect(stdout).toContain("Nothing was written.");
    expect(keysOf((await call([...words, "--json"])).stdout)).toEqual(promised(PLAN_CONTRACT));
    const verified = await call(["verify", archive, "--against", "--database", database]);
    expect(verified.status).toBe(11);
  });

  it("refuses a database that holds something, naming it", async () => {
    const archive = await exported();
    const { status, stderr } = await call(["import", archive]);
    expect(status).toBe(2);
    expect(stderr).toContain("ERR_TARGET_NOT_EMPTY");
    expect(stderr).toContain("Product");
  });

  it.each([
    [["--create"], "--create needs the name"],
    [["--database", "x", "--typechecked", "true"], "--typechecked is for a database"],
  ])("refuses %j", async (flags, message) => {
    const { status, stderr } = await call(["import", "anything", ...flags]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it("is exit 20 for a folder that is no archive, before anything is written", async () => {
    const folder = await temporaryFolder();
    const database = newName();
    const { status, stderr } = await call(["import", folder, "--database", database, "--create"]);
    expect(status).toBe(20);
    expect(stderr).toContain(folder);
    const looked = await call(["export", join(folder, "x"), "--database", database]);
    expect(looked.stderr).toContain(`There is no database ${database}`);
  });

  it("is exit 3 when documents were refused, and names the file that has them", async () => {
    const folder = await temporaryFolder();
    const source = join(folder, "export");
    await mkdir(join(source, "data/collections/Thing"), { recursive: true });
    // Fauna has no document of more than 8 MiB.
    const large = `,"big":"${"x".repeat(8 * 1024 * 1024)}"`;
    const lines = taggedLine("1", ',"n":{"@int":"1"}') + taggedLine("2", large);
    await writeFile(join(source, "data/collections/Thing/Thing_00_000000.jsonl"), lines);
    const metadata = {
      account_id: "0",
      export_id: "1",
      task_id: "1",
      collections: ["Thing"],
      snapshot_ts: "2026-01-01T00:00:00Z",
      doc_format: "tagged",
      files_count: 1,
      files_bytes: lines.length,
      part: 0,
      total_parts: 1,
    };
    await writeFile(join(source, "metadata_00.json"), JSON.stringify(metadata));
    const letters = join(folder, "refused.ndjson");
    const words = [
      "import",
      source,
      "--database",
      newName(),
      "--create",
      "--dead-letters",
      letters,
    ];
    const { status, stderr } = await call(words);
    expect(status, stderr).toBe(3);
    expect(stderr).toContain(letters);
    expect(stderr).toContain("ERR_INCOMPLETE");
    const written = await readFile(letters, "utf8");
    expect(written.slice(0, 200)).toContain('"collection":"Thing"');
  });
});

describe("verify", () => {
  it("says that an archive is whole, as text and as JSON", async () => {
    const archive = await exported();
    const { status, stdout } = await call(["verify", archive]);
    expect(status).toBe(0);
    expect(stdout).toContain("whole");
    expect(stdout).toContain("20 documents");
    const json = (await call(["verify", archive, "--against", "--json"])).stdout;
    expect(keysOf(json)).toEqual(promised(VERIFY_CONTRACT));
  });

  it("is exit 20 for a damaged archive and names file and problem", async () => {
    const archive = await exported();
    const folder = (await readdir(join(archive, "data")))[0]!;
    const file = (await readdir(join(archive, "data", folder)))[0]!;
    await writeFile(join(archive, "data", folder, file), "nonsense");
    const { status, stdout, stderr } = await call(["verify", archive]);
    expect(status).toBe(20);
    expect(stdout).toContain("DAMAGED");
    expect(stdout).toContain(`data/${folder}/${file}`);
    expect(stderr).toContain("ERR_ARCHIVE_CORRUPT");
    const json = JSON.parse((await call(["verify", archive, "--json"])).stdout) as object;
    expect(json).toMatchObject({ equal: false });
  });

  it("is exit 20 for a folder without a manifest and exit 13 for none at all", async () => {
    const folder = await temporaryFolder();
    expect((await call(["verify", folder])).status).toBe(20);
    await writeFile(join(folder, "file"), "");
    expect((await call(["verify", join(folder, "file")])).status).toBe(13);
  });

  it("is exit 50 when the database differs, and names documents and definitions", async () => {
    const archive = await exported();
    const database = newName();
    await call(["import", archive, "--database", database, "--create"]);
    const secret = `${emulator.secret}:${database}:admin`;
    const connection = connect({ endpoint: emulator.endpoint, secret });
    await connection.v10(`Product("103")!.delete()
      Product("104")!.update({ price: 0.5 })
      Product.create({ id: "999", name: "new", price: 1.0 })`);
    await connection.v10(`Function.byName("double")!.update({ body: "x => x * 3" })`);
    await connection.close();
    const words = ["verify", archive, "--against", "--database", database];
    const { status, stdout, stderr } = await call(words);
    expect(status).toBe(50);
    expect(stdout).toContain("Product: 1 differ: 104");
    expect(stdout).toContain("Product: 1 are missing from the database: 103");
    expect(stdout).toContain("Product: 1 are in the database only: 999");
    expect(stdout).toContain("functions double differs in body");
    expect(stderr).toContain("ERR_MISMATCH");
  });
});

describe("show", () => {
  it("shows an archive, a collection and a document", async () => {
    const archive = await exported();
    const whole = await call(["show", archive]);
    expect(whole.stdout).toMatch(/Product +20 /);
    expect(whole.stdout).toContain("double");
    const collection = await call(["show", archive, "Product"]);
    expect(collection.stdout).toContain("100 to 119");
    const { stdout } = await call(["show", archive, "Product", "107"]);
    expect(stdout).toMatch(/^\{"id":"107","ts":\d+,"data":\{"name":"p7","price":7\.0\}\}\n$/);
  });

  it("prints what docs/CLI.md promises with --json", async () => {
    const archive = await exported();
    expect(keysOf((await call(["show", archive, "--json"])).stdout)).toEqual(
      promised(SHOW_CONTRACT),
    );
    expect(keysOf((await call(["show", archive, "Product", "--json"])).stdout)).toEqual(
      promised(SHOW_COLLECTION_CONTRACT),
    );
  });

  it("is exit 2 for a collection or document that the archive does not hold", async () => {
    const archive = await exported();
    expect((await call(["show", archive, "Prodcut"])).status).toBe(2);
    expect((await call(["show", archive, "Product", "1"])).status).toBe(2);
    expect((await call(["show", archive, "Product", "x"])).status).toBe(2);
  });
});

describe("errors", () => {
  it("are one JSON document on stderr with --json, of the members that docs/CLI.md promises", async () => {
    const { status, stdout, stderr } = await call(["verify", await temporaryFolder(), "--json"]);
    expect(status).toBe(20);
    expect(stdout).toBe("");
    const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
    for (const name of Object.keys(error)) expect(promised(ERROR_CONTRACT)).toContain(name);
    expect(error).toMatchObject({ code: "ERR_ARCHIVE_INCOMPLETE", exitStatus: 20 });
  });
});

describe("an export of a database with children and secrets", () => {
  it("says what is not in the archive, in its summary, its report and show", async () => {
    const target = await emulatorTarget();
    const connection = connect({ endpoint: target.endpoint, secret: target.secret });
    const env = { FAUNA_ENDPOINT: target.endpoint, FAUNA_SECRET: target.secret };
    const archive = join(await temporaryFolder(), "archive");
    try {
      await connection.v10(`Database.create({ name: "child" })
        Key.create({ role: "server" })
        Key.create({ role: "admin" })`);
      const { status, stderr } = await call(["export", archive], { env });
      expect(status).toBe(0);
      expect(stderr).toContain("1 (child): Child databases");
      expect(stderr).toContain("2: keys are not in this archive");
      const { stdout } = await call(["show", archive, "--json"]);
      const { notes } = JSON.parse(stdout) as { notes: { count: number }[] };
      expect(notes.map(({ count }) => count)).toEqual([1, 2]);
    } finally {
      await connection.close();
      await target.close();
    }
  });
});

describe("an archive of several databases, with secrets", () => {
  it("is exported, shown, verified and imported, and refused where hashes would lie open", async () => {
    const target = await emulatorTarget();
    const connection = connect({ endpoint: target.endpoint, secret: target.secret });
    const env = { FAUNA_ENDPOINT: target.endpoint, FAUNA_SECRET: target.secret };
    const archive = join(await temporaryFolder(), "archive");
    try {
      await connection.v10('Database.create({ name: "shop" })');
      const shop = await scoped(connection, "shop");
      await shop.v10('Database.create({ name: "till" })\nKey.create({ role: "server" })');
      await (await scoped(shop, "till")).v10('Collection.create({ name: "Sale" })');
      await (await scoped(shop, "till")).v10('Sale.create({ id: "7" })');
      const wanted = ["export", archive, "--database", "shop", "--recursive", "--secrets"];
      const refused = await call(wanted, { env });
      expect(refused.status).toBe(2);
      expect(refused.stderr).toContain("--plaintext-secrets");
      const done = await call([...wanted, "--plaintext-secrets"], { env });
      expect(done.stderr).toContain("till: Sale");
      expect(done.status).toBe(0);

      const whole = await call(["show", archive]);
      expect(whole.stdout).toMatch(/databases below +till\n/);
      expect(whole.stdout).toContain("0 credentials, 1 keys, 0 tokens");
      const child = await call(["show", archive, "Sale", "7", "--database", "till"]);
      expect(JSON.parse(child.stdout)).toMatchObject({ id: "7" });
      expect((await call(["show", archive, "--database", "nowhere"])).status).toBe(2);

      // The key is of this cluster already, under its id.
      const copied = ["--database", "copy"];
      const imported = await call(["import", archive, ...copied, "--create", "--skip-secrets"], {
        env,
      });
      expect(imported.stderr).toMatch(/databases +till\n/);
      expect(imported.status).toBe(0);
      const verified = await call(["verify", archive, "--against", ...copied], { env });
      expect(verified.stdout).toContain("till: Sale");
      expect(verified.status).toBe(0);
      const top = await call(
        ["import", archive, "--database", "top", "--create", "--skip-secrets", "--top-only"],
        { env },
      );
      expect(top.stderr).toContain("1 (till): Child databases of the source");
      expect(top.status).toBe(0);
    } finally {
      await connection.close();
      await target.close();
    }
  });
});
