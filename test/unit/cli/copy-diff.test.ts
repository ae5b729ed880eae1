/** `copy` and `diff` in this process, between databases of two emulators. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { COPY_CONTRACT, DIFF_CONTRACT, PLAN_CONTRACT } from "../../../src/cli/contracts.ts";
import { runCommandLine } from "../../../src/cli/run.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";
import { connect, scoped } from "../../../src/fauna/fauna.ts";
import { emulatorTarget } from "../../support/emulator.ts";
import { temporaryFolder } from "../../support/folders.ts";
import type { Target } from "../../support/target.ts";
import { recordingTerminal } from "../../support/terminal.ts";

let here: Target;
let there: Target;

beforeAll(async () => {
  here = await emulatorTarget({ secret: "secret-of-here" });
  there = await emulatorTarget({ secret: "secret-of-there" });
  const connection = connect({ endpoint: here.endpoint, secret: here.secret });
  await connection.v10('Database.create({ name: "shop" })');
  const shop = await scoped(connection, "shop");
  await shop.v10('Collection.create({ name: "Product" })');
  await shop.v10(
    "Set.sequence(0, 20).forEach(n => Product.create({ id: (100 + n).toString(), n: n }))",
  );
  await connection.close();
});
afterAll(() => Promise.all([here.close(), there.close()]));

async function call(words: readonly string[], more: Partial<Terminal> = {}) {
  const env = { FAUNA_ENDPOINT: here.endpoint, FAUNA_SECRET: here.secret };
  const terminal = recordingTerminal({ env, ...more });
  const status = await runCommandLine(words, terminal, { commands: COMMANDS, version: "0.0.0" });
  const { stdout, stderr } = terminal;
  return { status, stdout, stderr };
}

/** A query in one database of an emulator. */
async function query({ endpoint, secret }: Target, database: string, text: string): Promise<void> {
  const connection = connect({ endpoint, secret });
  await (await scoped(connection, database)).v10(text);
  await connection.close();
}

const both = () => ({
  env: {
    FAUNA_ENDPOINT: here.endpoint,
    FAUNA_SECRET: here.secret,
    FAUNA_ARK_TO_SECRET: there.secret,
  },
});
const promised = (contract: { members: Readonly<Record<string, string>> }) =>
  Object.keys(contract.members).toSorted();
const keysOf = (json: string) => Object.keys(JSON.parse(json) as object).toSorted();

let databases = 0;
const newName = () => `copy${++databases}`;

describe("copy", () => {
  it("copies within one Fauna by one secret, and diff finds the two equal", async () => {
    const name = newName();
    const words = ["--database", "shop", "--to-database", name];
    const copied = await call(["copy", ...words, "--create"]);
    expect(copied.status, copied.stderr).toBe(0);
    expect(copied.stderr).toContain("Copied 20 of 20 documents");
    expect(copied.stderr).toMatch(/^As of \d{4}-/m);
    const { status, stdout, stderr } = await call(["diff", ...words]);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("Equal.");
    expect((await call(["copy", ...words])).status).toBe(2);
  });

  it("copies to another server by a secret of its own, and prints what --json promises", async () => {
    const name = newName();
    const words = ["copy", here.endpoint, there.endpoint, "--database", "shop"];
    const target = ["--to-database", name, "--create"];
    const dry = await call([...words, ...target, "--dry-run", "--json"], both());
    expect(dry.status, dry.stderr).toBe(0);
    expect(keysOf(dry.stdout)).toEqual(promised(PLAN_CONTRACT));
    const { status, stdout, stderr } = await call([...words, ...target, "--json"], both());
    expect(status, stderr).toBe(0);
    expect(keysOf(stdout)).toEqual(promised(COPY_CONTRACT));
    expect(JSON.parse(stdout)).toMatchObject({ documents: { written: 20 } });
  });

  it("takes both places from profiles of the config file", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "here.secret"), here.secret);
    await writeFile(join(cwd, "there.secret"), there.secret);
    const profiles = {
      here: { endpoint: here.endpoint, "secret-file": "here.secret", database: "shop" },
      there: { endpoint: there.endpoint, "secret-file": "there.secret" },
    };
    await writeFile(join(cwd, "fauna-ark.config.json"), JSON.stringify({ profiles }));
    const name = newName();
    const options = { cwd, env: {} };
    const words = ["@here", "@there", "--to-database", name];
    const copied = await call(["copy", ...words, "--create"], options);
    expect(copied.status, copied.stderr).toBe(0);
    expect((await call(["diff", ...words], options)).status).toBe(0);
    const none = await call(["copy", "@hre", "@there"], options);
    expect(none.status).toBe(2);
    expect(none.stderr).toContain("here");
  });

  it("sends no secret to an endpoint that it was not given for", async () => {
    const { status, stderr } = await call(["copy", here.endpoint, there.endpoint]);
    expect(status).toBe(2);
    expect(stderr).toContain("FAUNA_ARK_TO_SECRET");
    const asked: string[] = [];
    const askSecret = (prompt: string) => {
      asked.push(prompt);
      return Promise.resolve(there.secret);
    };
    const name = newName();
    const words = ["copy", here.endpoint, there.endpoint, "--database", "shop"];
    const copied = await call([...words, "--to-database", name, "--create"], { askSecret });
    expect(copied.status, copied.stderr).toBe(0);
    expect(asked).toEqual([`Secret for ${there.endpoint}: `]);
  });

  it.each<[string, string[], string]>([
    ["one database given twice", ["copy", "--database", "shop", "--to-database", "shop"], "same"],
    ["a place that is no database", ["copy", "./archive"], "neither a URL nor a profile"],
    ["--create without a name", ["copy", "--create"], "--to-database"],
    ["a secret as an argument", ["copy", "--to-secret", "x"], "--to-secret-file"],
    [
      "only the schema and only the data",
      [
        "copy",
        "--database",
        "shop",
        "--to-database",
        "kid",
        "--create",
        "--schema-only",
        "--data-only",
      ],
      "both",
    ],
  ])("refuses %s", async (_, words, message) => {
    const { status, stderr } = await call(words);
    expect(status, stderr).toBe(2);
    expect(stderr).toContain(message);
    for (const { secret } of [here, there]) expect(stderr).not.toContain(secret);
  });

  it("ends with 3 and the dead-letter file when the target refuses documents", async () => {
    const name = newName();
    await query(
      here,
      "shop",
      'Collection.create({ name: "Gone" }); Collection.create({ name: "Odd" })',
    );
    await query(here, "shop", 'Odd.create({ to: Gone("1") })');
    await query(here, "shop", "Gone.definition.delete()");
    const cwd = await temporaryFolder();
    const words = ["--database", "shop", "--to-database", name, "--create"];
    const { status, stderr } = await call(["copy", ...words], { cwd });
    await query(here, "shop", "Odd.definition.delete()");
    expect(status, stderr).toBe(3);
    expect(stderr).toContain(join(cwd, "copy.refused.ndjson"));
  });
});

describe("diff", () => {
  it("names what differs, by people's and by programs' means, and ends with 50", async () => {
    const name = newName();
    const words = ["--database", "shop", "--to-database", name];
    await call(["copy", ...words, "--create"]);
    await query(
      here,
      name,
      'Product.byId("100")!.delete(); Product.byId("101")!.update({ n: 7, m: 1 }); Product.create({ id: "5" })',
    );
    await query(here, name, 'Collection.byName("Product")!.update({ history_days: 9 })');
    const { status, stdout, stderr } = await call(["diff", ...words]);
    expect(status, stderr).toBe(50);
    expect(stderr).toContain("ERR_MISMATCH");
    for (const line of [
      "--- A/main.fsl",
      "+  history_days 9",
      "  ~ collections Product: history_days",
      "  - Product 100 (1 removed)",
      "  + Product 5 (1 added)",
      "  ~ Product 101: ts, data.n, data.m (added)",
      "DIFFERENT.",
    ]) {
      expect(stdout).toContain(line);
    }
    const json = await call(["diff", ...words, "--json"]);
    expect(json.status).toBe(50);
    expect(keysOf(json.stdout)).toEqual(promised(DIFF_CONTRACT));
    expect(JSON.parse(json.stdout)).toMatchObject({
      equal: false,
      collections: [
        {
          name: "Product",
          removed: { count: 1, ids: ["100"] },
          added: { count: 1, ids: ["5"] },
          changed: { count: 1, documents: [{ id: "101", count: 3 }] },
        },
      ],
    });
  });

  it("takes archives, and a database of the usual options beside one", async () => {
    const folder = await temporaryFolder();
    const [one, other] = [join(folder, "one"), join(folder, "other")];
    await call(["export", one, "--database", "shop"]);
    await call(["export", other, "--database", "shop", "--collection", "Product"]);
    const archives = await call(["diff", one, other], { env: {} });
    expect(archives.status, archives.stderr).toBe(0);
    for (const words of [
      ["diff", one, "--database", "shop"],
      ["diff", one, "--to-database", "shop"],
      ["diff", one, here.endpoint, "--to-database", "shop"],
      ["diff", here.endpoint, one, "--database", "shop"],
    ]) {
      const { status, stderr } = await call(words);
      expect(status, `${words.join(" ")}\n${stderr}`).toBe(0);
    }
    expect((await call(["diff", one])).status).toBe(50);
    expect((await call(["diff", one, join(folder, "none")])).status).toBe(20);
  });

  it("leaves out times of writing when asked", async () => {
    const name = newName();
    const words = ["--database", "shop", "--to-database", name];
    await call(["copy", ...words, "--create"]);
    await query(
      here,
      name,
      'let p = Product.byId("100")!; let d = p.data; p.replaceData(d); p.update({ x: 1 }); p.update({ x: null })',
    );
    expect((await call(["diff", ...words])).status).toBe(50);
    expect((await call(["diff", ...words, "--ignore-ts"])).status).toBe(0);
  });
});
