/** `import --replay` and `--resume`, in this process. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { IMPORT_CONTRACT, PLAN_CONTRACT } from "../../../src/cli/contracts.ts";
import { runCommandLine } from "../../../src/cli/run.ts";
import { exportDatabase } from "../../../src/export/export.ts";
import type { Connection } from "../../../src/fauna/fauna.ts";
import { Bench } from "../../support/bench.ts";
import { temporaryFolder } from "../../support/folders.ts";
import { insert } from "../../support/sample-databases.ts";
import { recordingTerminal } from "../../support/terminal.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** A folder with an archive of two documents, one of which refers to a collection that is no more. */
async function archived(): Promise<{ cwd: string; target: Connection }> {
  const source = await bench.emptyDatabase();
  for (const name of ["C", "Gone"])
    await source.v4(`{"do":[{"create_collection":{"object":{"name":"${name}"}}},null]}`);
  await insert(source, "C", "1", '{"n":1}');
  await insert(
    source,
    "C",
    "2",
    '{"to":{"@ref":{"id":"1","collection":{"@ref":{"id":"Gone","collection":{"@ref":{"id":"collections"}}}}}}}',
  );
  await source.v4('{"do":[{"delete":{"collection":"Gone"}},null]}');
  const cwd = await temporaryFolder();
  await exportDatabase({ source, target: join(cwd, "archive") });
  return { cwd, target: await bench.emptyDatabase() };
}

async function call(words: readonly string[], cwd: string, { path }: Connection) {
  const env = { FAUNA_ENDPOINT: bench.endpoint, FAUNA_SECRET: bench.secret };
  const terminal = recordingTerminal({ env, cwd });
  const all = [...words, "--database", path];
  const status = await runCommandLine(all, terminal, { commands: COMMANDS, version: "0.0.0" });
  const { stdout, stderr } = terminal;
  return { status, stdout, stderr };
}

const letters = ["--dead-letters", "archive.refused.ndjson"];

it("an import with refused documents ends with 3 until all of them are replayed", async () => {
  const { cwd, target } = await archived();
  const imported = await call(["import", "archive", ...letters, "--quiet"], cwd, target);
  expect(imported.status).toBe(3);
  expect(imported.stderr).toContain("archive.refused.ndjson");
  expect(imported.stderr).toContain("--replay");
  const replay = ["import", "archive.refused.ndjson", "--replay"];
  const again = await call([...replay, "--quiet"], cwd, target);
  expect(again.status).toBe(3);
  expect(again.stderr).toContain("archive.refused.ndjson.2");
  const planned = await call([...replay, "--dry-run", "--json"], cwd, target);
  expect(planned.status).toBe(0);
  expect(Object.keys(JSON.parse(planned.stdout) as object).toSorted()).toEqual(
    Object.keys(PLAN_CONTRACT.members).toSorted(),
  );
  await target.v4('{"do":[{"create_collection":{"object":{"name":"Gone"}}},null]}');
  const mended = await call([...replay, "--json"], cwd, target);
  expect(mended.status).toBe(0);
  const report = JSON.parse(mended.stdout) as { documents: object };
  expect(Object.keys(report).toSorted()).toEqual(Object.keys(IMPORT_CONTRACT.members).toSorted());
  expect(report.documents).toMatchObject({ read: 1, written: 1, refused: 0 });
});

it.each(["--create", "--continue", "--resume", "--top-only", "--data-only", "--delete-extra"])(
  "--replay is refused together with %s",
  async (flag) => {
    const { cwd, target } = await archived();
    const { status, stderr } = await call(["import", "x.ndjson", "--replay", flag], cwd, target);
    expect(status).toBe(2);
    expect(stderr).toContain("is not for --replay");
  },
);

it("--resume is another name of --continue", async () => {
  const { cwd, target } = await archived();
  expect((await call(["import", "archive", ...letters, "--resume"], cwd, target)).status).toBe(3);
  for (const flag of ["--resume", "--continue"]) {
    const { status, stderr } = await call(["import", "archive", flag], cwd, target);
    expect(status).toBe(2);
    expect(stderr).toContain("No import is unfinished here");
  }
  const misspelled = await call(["import", "archive", "--resum"], cwd, target);
  expect(misspelled.stderr).toContain("--resume");
});
