/** Encrypted archives by the command line, against an emulator of the test's own. */
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { runCommandLine } from "../../../src/cli/run.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";
import { connect } from "../../../src/fauna/fauna.ts";
import {
  OTHER_IDENTITY,
  TEST_IDENTITY,
  TEST_IDENTITY_FILE,
  TEST_RECIPIENT,
} from "../../support/age.ts";
import { emulatorTarget } from "../../support/emulator.ts";
import { temporaryFolder } from "../../support/folders.ts";
import type { Target } from "../../support/target.ts";
import { recordingTerminal } from "../../support/terminal.ts";

const PASSPHRASE = "correct horse";

let emulator: Target;
beforeAll(async () => {
  emulator = await emulatorTarget();
  const connection = connect({ endpoint: emulator.endpoint, secret: emulator.secret });
  await connection.v10(`Collection.create({ name: "Product" })`);
  await connection.v10(`Product.create({ id: "100", name: "Xcanary" })`);
  await connection.close();
});
afterAll(() => emulator.close());

interface Call extends Partial<Terminal> {
  readonly more?: Readonly<Record<string, string>>;
}

async function call(words: readonly string[], { more, ...terminalOf }: Call = {}) {
  const env = { FAUNA_ENDPOINT: emulator.endpoint, FAUNA_SECRET: emulator.secret, ...more };
  const terminal = recordingTerminal({ env, ...terminalOf });
  const status = await runCommandLine(words, terminal, { commands: COMMANDS, version: "0.0.0" });
  const { stdout, stderr } = terminal;
  return { status, stdout, stderr };
}

async function done(words: readonly string[], options: Call = {}) {
  const result = await call(words, options);
  expect(result.status, result.stderr).toBe(0);
  return result;
}

/** Answers a terminal's questions one after the other, and keeps them. */
function typing(...answers: readonly string[]) {
  const asked: string[] = [];
  const askSecret = async (prompt: string) => {
    asked.push(prompt);
    return answers[asked.length - 1] ?? "";
  };
  return { asked, askSecret };
}

let copies = 0;
const newName = () => `encrypted${++copies}`;

describe("export --encrypt-to", () => {
  it("writes what show, verify and import open with --identity", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const exported = await done(["export", archive, "--encrypt-to", TEST_RECIPIENT]);
    expect(exported.stderr).toContain("for 1 recipient, but for the manifest");

    const closed = await done(["show", archive]);
    expect(closed.stdout).toContain(`for ${TEST_RECIPIENT}`);
    expect(closed.stdout).toContain("not shown without a key");
    const key = ["--identity", TEST_IDENTITY_FILE];
    const open = await done(["show", archive, ...key]);
    expect(open.stdout).toMatch(/^collections +Product$/m);
    expect((await done(["show", archive, "Product", "100", ...key])).stdout).toContain("Xcanary");

    const stored = await done(["verify", archive]);
    expect(stored.stdout).toContain("NOT OPENED");
    const whole = await done(["verify", archive, "--against", ...key]);
    expect(whole.stdout).toContain(": whole\n");
    await done(["import", archive, "--database", newName(), "--create", ...key]);
  });

  it("takes recipients from a file, and reads the manifest only with a key when that is encrypted", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "team.txt"), `# us\n${TEST_RECIPIENT}\n`);
    await writeFile(join(folder, "me.txt"), `${TEST_IDENTITY}\n`);
    const here = { cwd: folder };
    await done(["export", "a", "--encrypt-to", "team.txt", "--encrypt-manifest"], here);
    expect(await readdir(join(folder, "a"))).toContain("manifest.json.age");
    const closed = await call(["show", "a"], here);
    expect(closed.status).toBe(22);
    expect(closed.stderr).toContain("ERR_ARCHIVE_LOCKED");
    expect(closed.stderr).toContain("--identity FILE");
    const { stdout } = await done(["show", "a", "--identity", "me.txt"], here);
    expect(stdout).toContain("Product");
  });

  it("and its keys can stand in a config file, with files beside it", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "conf"));
    await writeFile(join(folder, "conf/me.txt"), `${TEST_IDENTITY}\n`);
    const config = { "encrypt-to": [TEST_RECIPIENT], identity: ["me.txt"] };
    await writeFile(join(folder, "conf/ark.json"), JSON.stringify(config));
    const words = ["--config", "conf/ark.json"];
    await done(["export", "a", ...words], { cwd: folder });
    const { stdout } = await done(["show", "a", "Product", "100", ...words], { cwd: folder });
    expect(stdout).toContain("Xcanary");
  });
});

describe("a passphrase", () => {
  it("is asked for twice when exporting, once when opening, and comes from file, command and environment too", async () => {
    const folder = await temporaryFolder();
    const here = { cwd: folder };
    const twice = typing(PASSPHRASE, PASSPHRASE);
    await done(["export", "a", "--passphrase"], { ...here, askSecret: twice.askSecret });
    expect(twice.asked).toHaveLength(2);
    const once = typing(PASSPHRASE);
    const words = ["show", "a", "Product", "100"];
    await done([...words, "--passphrase"], { ...here, askSecret: once.askSecret });
    expect(once.asked).toHaveLength(1);
    await writeFile(join(folder, "pass"), `${PASSPHRASE}\n`);
    await done([...words, "--passphrase-file", "pass"], here);
    await done([...words, "--passphrase-command", "cat pass"], here);
    await done(words, { ...here, more: { FAUNA_ARK_PASSPHRASE: PASSPHRASE } });
    const wrong = await call(words, { ...here, more: { FAUNA_ARK_PASSPHRASE: "Hunter2" } });
    expect(wrong.status).toBe(22);
    expect(wrong.stderr).toContain("the passphrase is wrong");
    expect(wrong.stderr).not.toContain("Hunter2");
  }, 60_000);

  it("that is typed differently the second time, or is empty, stops the export", async () => {
    const cwd = await temporaryFolder();
    for (const answers of [["one", "two"], [""]]) {
      const { askSecret } = typing(...answers);
      const result = await call(["export", "a", "--passphrase"], { cwd, askSecret });
      expect(result.status).toBe(2);
      expect(await readdir(cwd)).toEqual([]);
    }
  });

  it.each([
    [["--passphrase"], "no terminal"],
    [["--passphrase-command", "exit 3"], "ended with status 3"],
    [["--passphrase-command", "true"], "empty"],
    [["--passphrase-command", "printf 'a\\nb\\n'"], "more than one line"],
    [["--encrypt-manifest"], "does not say whom"],
  ])("cannot come from %j", async (words, message) => {
    const cwd = await temporaryFolder();
    const result = await call(["export", "a", ...words], { cwd });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain(message);
    expect(await readdir(cwd)).toEqual([]);
  });

  it("file that is missing is exit 13", async () => {
    const cwd = await temporaryFolder();
    expect((await call(["export", "a", "--passphrase-file", "x"], { cwd })).status).toBe(13);
    expect((await call(["export", "a", "--encrypt-to", "x"], { cwd })).status).toBe(13);
  });
});

describe("a key in an argument list", () => {
  it.each([
    [["--passphrase", "Hunter2"]],
    [["--passphrase=Hunter2"]],
    [["--encrypt-to", OTHER_IDENTITY]],
  ])("is refused and not shown: %j", async (words) => {
    const cwd = await temporaryFolder();
    const { askSecret } = typing(PASSPHRASE, PASSPHRASE);
    for (const json of [[], ["--json"]]) {
      const result = await call(["export", "a", ...words, ...json], { cwd, askSecret });
      expect(result.status).toBe(2);
      expect(result.stdout + result.stderr).not.toMatch(/Hunter2|AGE-SECRET-KEY-1G/);
      expect(await readdir(cwd)).toEqual([]);
    }
  });

  it("is refused as an identity too", async () => {
    const result = await call(["show", "a", "--identity", OTHER_IDENTITY]);
    expect(result.status).toBe(2);
    expect(result.stderr).not.toContain(OTHER_IDENTITY);
  });

  it("or a config file has its own remedy", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "fauna-ark.config.json"), JSON.stringify({ passphrase: "Hunter2" }));
    const result = await call(["show", "a"], { cwd });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain("use passphrase-file");
    expect(result.stderr).not.toContain("Hunter2");
  });
});

describe("import of an encrypted archive", () => {
  it("with a wrong key or none is exit 22, a damaged one exit 20, and nothing is written", async () => {
    const cwd = await temporaryFolder();
    await done(["export", "a", "--encrypt-to", TEST_RECIPIENT], { cwd });
    await writeFile(join(cwd, "other.txt"), `${OTHER_IDENTITY}\n`);
    const name = newName();
    const words = ["import", "a", "--database", name, "--create"];
    const none = await call(words, { cwd });
    expect(none.status).toBe(22);
    const wrong = await call([...words, "--identity", "other.txt"], { cwd });
    expect(wrong.status).toBe(22);
    expect(wrong.stderr).toContain("not one it is encrypted for");
    const [segment] = (await readdir(join(cwd, "a"), { recursive: true })).filter((file) =>
      file.endsWith(".ndjson.gz.age"),
    );
    const file = join(cwd, "a", segment!);
    const before = await readFile(file);
    await appendFile(file, "x");
    const damaged = await call([...words, "--identity", TEST_IDENTITY_FILE], { cwd });
    expect(damaged.status).toBe(20);
    expect(damaged.stderr).toContain(segment);
    const gone = await call(["export", "b", "--database", name], { cwd });
    expect(gone.status, "the database was not even made").toBe(11);
    await writeFile(file, before);
    await done([...words, "--identity", TEST_IDENTITY_FILE], { cwd });
  });
});
