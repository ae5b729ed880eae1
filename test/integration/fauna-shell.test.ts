/** The `fauna` command of fauna-shell 4, unmodified, against the emulator. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, type TestContext, vi } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { faunaShell, runFauna } from "../support/fauna-shell.ts";
import type { Ended } from "../support/installed.ts";

let emulator: Emulator;
let folder: string;
let command: string | undefined;
let reason = "";

beforeAll(async () => {
  emulator = await startEmulator();
  folder = mkdtempSync(join(tmpdir(), "fauna-shell-"));
  try {
    command = await faunaShell();
  } catch (error) {
    reason = `fauna-shell cannot be fetched: ${error instanceof Error ? error.message : String(error)}`;
    console.warn(reason);
  }
});

afterAll(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `fauna …` in the database whose name is given. */
async function fauna(
  context: TestContext,
  database: string,
  words: readonly string[],
  input?: string,
): Promise<Ended> {
  if (command === undefined) return context.skip(reason);
  const secret = database === "" ? emulator.secret : `${emulator.secret}:${database}:admin`;
  return runFauna(
    command,
    folder,
    [...words, "--url", emulator.endpoint, "--secret", secret],
    input,
  );
}

async function newDatabase(context: TestContext, name: string): Promise<void> {
  await fauna(context, "", ["query", `Database.create({ name: "${name}" })`]);
}

const schemaFolder = (name: string) => join(folder, name);

function writeSchema(name: string, text: string): void {
  mkdirSync(schemaFolder(name), { recursive: true });
  writeFileSync(join(schemaFolder(name), "main.fsl"), text);
}

const V1 = "collection Product {\n  name: String\n}\n";
const V2 = "collection Product {\n  name: String\n  index byName { terms [.name] }\n}\n";

test("`fauna query` prints a value, a document and an error", async (context) => {
  const sum = await fauna(context, "", ["query", "1 + 1"]);
  expect(sum).toMatchObject({ status: 0, stdout: "2\n" });
  const made = await fauna(context, "", ["query", 'Database.create({ name: "shop" })', "--json"]);
  expect(JSON.parse(made.stdout)).toMatchObject({ name: "shop", coll: "Database" });
  const failed = await fauna(context, "", ["query", "Nope.all()"]);
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain("Unbound variable `Nope`");
});

test("`fauna schema push` stages and activates, `diff` and `status` tell, `commit` and `abandon` settle", async (context) => {
  await newDatabase(context, "staging");
  const schema = (words: readonly string[], input?: string) =>
    fauna(context, "staging", ["schema", ...words], input);
  const push = ["push", "--dir", schemaFolder("staging"), "--no-input"];
  writeSchema("staging", V1);
  expect(await schema(["diff", "--dir", schemaFolder("staging")])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("Adding collection `Product`") as string,
  });
  expect((await schema([...push, "--active"])).status).toBe(0);
  const made = await fauna(context, "staging", ["query", 'Product.create({ name: "cup" })']);
  expect(made.status).toBe(0);
  const quiet = await schema(["status", "--dir", schemaFolder("staging")]);
  expect(quiet.stdout).toContain("Staged changes: none");
  expect(quiet.stdout).toContain("Local changes: none");

  writeSchema("staging", V2);
  expect((await schema(push)).status).toBe(0);
  // The index is built in the background, as on a real node; people ask again, too.
  const ready = async () => {
    const { stdout } = await schema(["status", "--dir", schemaFolder("staging")]);
    expect(stdout).toContain("Staged changes: ready");
  };
  await vi.waitFor(ready, { timeout: 60_000, interval: 200 });
  expect((await schema(["abandon", "--no-input"])).status).toBe(0);
  expect((await schema(["status", "--dir", schemaFolder("staging")])).stdout).toContain(
    "Staged changes: none",
  );
  expect((await schema(push)).status).toBe(0);
  await vi.waitFor(ready, { timeout: 60_000, interval: 200 });
  expect((await schema(["commit", "--no-input"])).stdout).toContain("Schema has been committed");
  const found = await fauna(context, "staging", [
    "query",
    'Product.byName("cup").map(.name)',
    "--json",
  ]);
  expect(JSON.parse(found.stdout)).toMatchObject({ data: ["cup"] });
});

test("`fauna schema pull` writes the files that the database has", async (context) => {
  await newDatabase(context, "pulled");
  writeSchema("pushed", V2);
  const pushed = await fauna(context, "pulled", [
    "schema",
    "push",
    "--dir",
    schemaFolder("pushed"),
    "--no-input",
    "--active",
  ]);
  expect(pushed.status).toBe(0);
  mkdirSync(schemaFolder("pulled"));
  await fauna(context, "pulled", ["schema", "pull", "--dir", schemaFolder("pulled")], "y\n");
  expect(readFileSync(join(schemaFolder("pulled"), "main.fsl"), "utf8")).toBe(V2);
});

test("a schema with mistakes is refused with the place of the first", async (context) => {
  writeSchema("broken", "collection Product {\n  name: Strin\n}\n");
  const refused = await fauna(context, "", [
    "schema",
    "push",
    "--dir",
    schemaFolder("broken"),
    "--no-input",
    "--active",
  ]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("main.fsl:2:9");
});
