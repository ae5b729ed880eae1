/** What the command line says of the past: exported, imported, copied, verified, shown. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import {
  IMPORT_CONTRACT,
  SHOW_COLLECTION_CONTRACT,
  VERIFY_CONTRACT,
} from "../../../src/cli/contracts.ts";
import { runCommandLine } from "../../../src/cli/run.ts";
import { connect, scoped } from "../../../src/fauna/fauna.ts";
import { emulatorTarget } from "../../support/emulator.ts";
import { temporaryFolder } from "../../support/folders.ts";
import type { Target } from "../../support/target.ts";
import { recordingTerminal } from "../../support/terminal.ts";

let fauna: Target;

beforeAll(async () => {
  fauna = await emulatorTarget();
  const connection = connect(fauna);
  await connection.v10('Database.create({ name: "shop" })');
  await connection.v10('Database.create({ name: "bare" })');
  const shop = await scoped(connection, "shop");
  await shop.v10('Collection.create({ name: "Product", history_days: 30 })');
  await shop.v10('Product.create({ id: "1", n: 0 })');
  await shop.v10('Product.byId("1")!.update({ n: 1 })');
  await shop.v10('Product.create({ id: "2", n: 0 })');
  await shop.v10('Product.byId("2")!.delete()');
  await connection.close();
});
afterAll(() => fauna.close());

async function call(...words: readonly string[]) {
  const env = { FAUNA_ENDPOINT: fauna.endpoint, FAUNA_SECRET: fauna.secret };
  const terminal = recordingTerminal({ env });
  const status = await runCommandLine(words, terminal, { commands: COMMANDS, version: "0.0.0" });
  const { stdout, stderr } = terminal;
  return { status, stdout, stderr };
}

const keysOf = (json: string) => Object.keys(JSON.parse(json) as object).toSorted();
const promised = ({ members }: { readonly members: Readonly<Record<string, string>> }) =>
  Object.keys(members).toSorted();

async function exported(): Promise<string> {
  const archive = join(await temporaryFolder(), "archive");
  const { status, stderr } = await call("export", archive, "--database", "shop", "--history");
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("3 past versions and deletions");
  return archive;
}

describe("the past on the command line", () => {
  it("is exported with --history, imported, verified and shown", async () => {
    const archive = await exported();
    const imported = await call("import", archive, "--database", "copy1", "--create");
    expect(imported.status, imported.stderr).toBe(0);
    expect(imported.stderr).toContain("3 of 3 past versions and deletions");
    const verified = await call("verify", archive, "--against", "--database", "copy1");
    expect(verified.status, verified.stderr).toBe(0);
    expect(verified.stdout).toContain("3 past versions and deletions,");
    expect(verified.stdout).toMatch(
      /past of Product: 3 versions and deletions since \d{4}-.*, equal/,
    );
    const shown = await call("show", archive);
    expect(shown.stdout).toMatch(/past versions/);
    expect((await call("show", archive, "Product")).stdout).toContain(
      "3 versions and deletions since",
    );
  });

  it("that differs ends verify with 50, and says in which documents", async () => {
    const archive = await exported();
    await call("import", archive, "--database", "copy2", "--create");
    const connection = connect(fauna);
    const copy = await scoped(connection, "copy2");
    await copy.v4(
      '{"insert":{"ref":{"collection":"Product"},"id":"2"},"ts":{"subtract":[{"to_micros":{"time":"now"}},86400000000]},"action":"create","params":{"quote":{"data":{}}}}',
    );
    await connection.close();
    const { status, stdout } = await call("verify", archive, "--against", "--database", "copy2");
    expect(status).toBe(50);
    expect(stdout).toContain("DIFFERENT in 1 document: 2");
  });

  it("is left out with --skip-history, and the report says how much that is", async () => {
    const archive = await exported();
    const words = ["import", archive, "--database", "copy3", "--create", "--skip-history"];
    const { status, stderr } = await call(...words);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("3 in Product: Past versions and deletions were left out");
    const { status: other, stdout } = await call(
      "verify",
      archive,
      "--against",
      "--database",
      "copy3",
    );
    expect(other).toBe(50);
    expect(stdout).toContain("past of Product: 3 versions");
  });

  it("of a collection that is not there is different", async () => {
    const archive = await exported();
    const { status, stdout } = await call("verify", archive, "--against", "--database", "bare");
    expect(status, stdout).toBe(50);
    expect(stdout).toContain("past of Product: DIFFERENT, the database has no such collection");
  });

  it("is in reports as --json promises", async () => {
    const archive = await exported();
    const words = ["import", archive, "--database", "copy4", "--create", "--json"];
    const imported = await call(...words);
    expect(keysOf(imported.stdout)).toEqual(promised(IMPORT_CONTRACT));
    expect(JSON.parse(imported.stdout)).toMatchObject({ history: { read: 3, written: 3 } });
    const verified = await call("verify", archive, "--against", "--database", "copy4", "--json");
    expect(keysOf(verified.stdout)).toEqual(promised(VERIFY_CONTRACT));
    expect(JSON.parse(verified.stdout)).toMatchObject({ versions: 3 });
    const shown = await call("show", archive, "Product", "--json");
    expect(keysOf(shown.stdout)).toEqual(promised(SHOW_COLLECTION_CONTRACT));
  });

  it("is planned as steps, and copied with --history", async () => {
    const archive = await exported();
    const planned = await call("import", archive, "--database", "copy5", "--create", "--dry-run");
    expect(planned.stdout).toContain("write 3 past versions and deletions");
    const words = ["copy", "--database", "shop", "--to-database", "copy6", "--create", "--history"];
    const copied = await call(...words);
    expect(copied.status, copied.stderr).toBe(0);
    expect(copied.stderr).toContain("3 of 3 past versions and deletions");
    const verified = await call("verify", archive, "--against", "--database", "copy6");
    expect(verified.status, verified.stdout).toBe(0);
  });

  it("is not to be had of a schema alone", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const words = ["export", archive, "--database", "shop", "--history", "--schema-only"];
    const { status, stderr } = await call(...words);
    expect(status).toBe(2);
    expect(stderr).toContain("--history");
  });
});
