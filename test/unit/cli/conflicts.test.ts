/** Imports over documents that are there, by the command line. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { runCommandLine } from "../../../src/cli/run.ts";
import { createDatabase } from "../../../src/import/import.ts";
import { connect, type Connection } from "../../../src/fauna/fauna.ts";
import { emulatorTarget } from "../../support/emulator.ts";
import { temporaryFolder } from "../../support/folders.ts";
import type { Target } from "../../support/target.ts";
import { recordingTerminal } from "../../support/terminal.ts";

let emulator: Target;
let root: Connection;
let databases = 0;

beforeAll(async () => {
  emulator = await emulatorTarget();
  root = connect({ endpoint: emulator.endpoint, secret: emulator.secret });
  const source = await createDatabase(root, "source");
  await source.v10('Collection.create({ name: "C" })');
  await source.v10('C.create({ id: "1", n: "archive" })\nC.create({ id: "2", n: "archive" })');
});

afterAll(async () => {
  await root?.close();
  await emulator?.close();
});

async function call(...words: string[]) {
  const env = { FAUNA_ENDPOINT: emulator.endpoint, FAUNA_SECRET: emulator.secret };
  const terminal = recordingTerminal({ env });
  const status = await runCommandLine(words, terminal, { commands: COMMANDS, version: "0.0.0" });
  return { status, stdout: terminal.stdout, stderr: terminal.stderr };
}

/** An archive of the source, and a database that has one of its documents otherwise and one more. */
async function both(): Promise<{ archive: string; database: string; target: Connection }> {
  const archive = join(await temporaryFolder(), "archive");
  await call("export", archive, "--database", "source");
  const database = `target${++databases}`;
  const target = await createDatabase(root, database);
  await target.v10('Collection.create({ name: "C" })');
  await target.v10('C.create({ id: "1", n: "target" })\nC.create({ id: "9", n: "target" })');
  return { archive, database, target };
}

const contents = async (target: Connection): Promise<unknown> =>
  JSON.parse((await target.v10('C.all().map(d => "#{d.id} #{d.n}").toArray()')).dataText);

describe("import --on-conflict", () => {
  it("fail is exit status 2 and names the documents", async () => {
    const { archive, database, target } = await both();
    const { status, stderr } = await call(
      "import",
      archive,
      "--database",
      database,
      "--on-conflict",
      "fail",
    );
    expect(status).toBe(2);
    expect(stderr).toContain("(C 1)");
    expect(stderr).toContain("--on-conflict skip, replace or newer");
    expect(await contents(target)).toEqual(["1 target", "9 target"]);
  });

  it("replace says what became of the documents", async () => {
    const { archive, database, target } = await both();
    const { status, stderr } = await call(
      "import",
      archive,
      "--database",
      database,
      "--on-conflict",
      "replace",
    );
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/new +1 document/);
    expect(stderr).toMatch(/replaced +1 document/);
    expect(stderr).toContain("Failed: nothing");
    expect(await contents(target)).toEqual(["1 archive", "2 archive", "9 target"]);
  });

  it("skip --json tells it in the report", async () => {
    const { archive, database } = await both();
    const { stdout } = await call(
      "import",
      archive,
      "--database",
      database,
      "--on-conflict",
      "skip",
      "--json",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      conflicts: { policy: "skip", created: 1, kept: 1, replaced: 0, deleted: 0 },
      fidelity: { exact: { documents: 1 } },
    });
  });
});

describe("import --delete-extra", () => {
  it("says first how many documents that is, and then wants just that number", async () => {
    const { archive, database, target } = await both();
    const words = [
      "import",
      archive,
      "--database",
      database,
      "--on-conflict",
      "replace",
      "--delete-extra",
    ];
    const first = await call(...words);
    expect(first.status).toBe(2);
    expect(first.stderr).toContain("1 document of the target is not in the source");
    expect(first.stderr).toContain("--confirm-delete 1");
    expect(await contents(target)).toEqual(["1 target", "9 target"]);
    expect((await call(...words, "--confirm-delete", "2")).status).toBe(2);
    const second = await call(...words, "--confirm-delete", "1");
    expect(second.status, second.stderr).toBe(0);
    expect(await contents(target)).toEqual(["1 archive", "2 archive"]);
  });

  it("is refused without a policy, and --confirm-delete without it", async () => {
    const { archive, database } = await both();
    const into = ["import", archive, "--database", database];
    expect((await call(...into, "--delete-extra")).status).toBe(2);
    const confirmed = await call(...into, "--on-conflict", "skip", "--confirm-delete", "1");
    expect(confirmed.status).toBe(2);
    expect(confirmed.stderr).toContain("--delete-extra");
  });
});
