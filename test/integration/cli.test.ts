/** `fauna-ark` as processes of its own: exit statuses, streams, signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { connect } from "../../src/fauna/fauna.ts";
import { temporaryFolder } from "../support/folders.ts";
import {
  cleanEnvironment,
  ended,
  type Installed,
  installPackage,
  printed,
} from "../support/installed.ts";

let installed: Installed;
let emulator: Emulator;
/** While it is set, whoever asks for documents waits: long enough to be interrupted. */
let slow = false;

beforeAll(async () => {
  installed = installPackage();
  emulator = await startEmulator({
    faults: ({ body }) => (slow && body.includes("documents") ? { delayMs: 60_000 } : undefined),
  });
  const connection = connect({ endpoint: emulator.endpoint, secret: emulator.secret });
  await connection.v10(`Collection.create({ name: "Product" })`);
  await connection.v10(`Set.sequence(0, 300).forEach(n => Product.create({ n: n }))`);
  await connection.close();
});
afterAll(async () => {
  await emulator.close();
  installed.remove();
});

const access = () => ({ FAUNA_ENDPOINT: emulator.endpoint, FAUNA_SECRET: emulator.secret });
const run = (...words: string[]) => installed.run(words, { env: access() });

describe("the main job", () => {
  it("runs from export to an equal copy, with the statuses that docs/CLI.md gives", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const steps: [string[], number][] = [
      [["export", archive], 0],
      [["export", archive], 2],
      [["verify", archive], 0],
      [["show", archive], 0],
      [["show", archive, "Product"], 0],
      [["show", archive, "Prodcut"], 2],
      [["import", archive, "--database", "main-job", "--create", "--dry-run"], 0],
      [["import", archive, "--database", "main-job"], 11],
      [["import", archive, "--database", "main-job", "--create"], 0],
      [["import", archive, "--database", "main-job"], 2],
      [["verify", archive, "--against", "--database", "main-job"], 0],
      [["verify", archive, "--against"], 0],
    ];
    for (const [words, status] of steps) {
      const result = await run(...words);
      expect(result.status, `${words.join(" ")}\n${result.stderr}`).toBe(status);
    }
    await writeFile(join(archive, "manifest.json.sha256"), `${"0".repeat(64)}  manifest.json\n`);
    expect((await run("verify", archive)).status).toBe(20);
    expect((await run("import", archive, "--database", "other", "--create")).status).toBe(20);
  });

  it("is exit 50 when the copy is not the same", async () => {
    const archive = join(await temporaryFolder(), "archive");
    await run("export", archive);
    await run("import", archive, "--database", "changed", "--create");
    const secret = `${emulator.secret}:changed:admin`;
    const connection = connect({ endpoint: emulator.endpoint, secret });
    await connection.v10(`Product.all().first()!.update({ n: -1 })`);
    await connection.close();
    const { status, stdout } = await run("verify", archive, "--against", "--database", "changed");
    expect(status).toBe(50);
    expect(stdout).toContain("1 differ");
  });

  it("keeps data on stdout and words on stderr", async () => {
    const archive = join(await temporaryFolder(), "archive");
    const exported = await run("export", archive, "--json");
    expect(JSON.parse(exported.stdout)).toMatchObject({ documents: 300 });
    expect(exported.stderr).toBe("");
    const shown = await run("show", archive, "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ compression: "gzip" });
  });
});

describe("the process", () => {
  it("can be started by its own name, and prints its package's version", async () => {
    const { stdout } = await ended(
      spawn("fauna-ark", ["--version"], { env: { ...cleanEnvironment(), PATH: installed.path } }),
    );
    const { version } = JSON.parse(
      await readFile(join(installed.package, "package.json"), "utf8"),
    ) as { version: string };
    expect(stdout).toBe(`${version}\n`);
  });

  it("prints a completion script, and completes commands and options", async () => {
    expect((await installed.run(["completion"])).stdout).toContain("--get-yargs-completions");
    const words = ["--get-yargs-completions", "fauna-ark", "ex"];
    expect((await installed.run(words)).stdout).toMatch(/^export/m);
  });

  it("ends quietly when nobody reads its output any more", async () => {
    const archive = join(await temporaryFolder(), "archive");
    await run("export", archive);
    const child = installed.start(["show", archive], { env: access() });
    child.stdout!.destroy();
    const { status, stderr } = await ended(child);
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  it("shows no secret in any of its arguments, output or archives", async () => {
    const folder = await temporaryFolder();
    const archive = join(folder, "archive");
    const secret = "fnNeverShowThisOne";
    const env = { FAUNA_ENDPOINT: emulator.endpoint, FAUNA_SECRET: secret };
    const { stdout, stderr, status } = await installed.run(["export", archive, "--verbose"], {
      env,
    });
    expect(status).toBe(11);
    expect(stdout + stderr).not.toContain(secret);
  });

  it("is exit 10 when a proxy answers in HTML", async () => {
    const proxy = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html><body>Please log in</body></html>");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void proxy.close());
    const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const words = ["export", join(await temporaryFolder(), "archive"), "--http1"];
    const { status, stderr } = await installed.run(words, {
      env: { FAUNA_ENDPOINT: endpoint, FAUNA_SECRET: "secret" },
    });
    expect(status, stderr).toBe(10);
    expect(stderr).toContain("ERR_ENDPOINT");
  });
});

describe("Ctrl-C", () => {
  it("once stops an export with exit 130, and leaves nothing that passes for an archive", async () => {
    const archive = join(await temporaryFolder(), "archive");
    slow = true;
    onTestFinished(() => void (slow = false));
    const child = installed.start(["export", archive], { env: access() });
    const result = ended(child);
    await appears(archive, child);
    child.kill("SIGINT");
    const { status, stderr } = await result;
    expect(status).toBe(130);
    expect(stderr).toContain("ERR_INTERRUPTED");
    expect(await readdir(archive)).not.toContain("manifest.json");
    slow = false;
    const verified = await run("verify", archive);
    expect(verified.status).toBe(20);
    expect(verified.stderr).toContain("ERR_ARCHIVE_INCOMPLETE");
  });

  it("twice ends the process at once, whatever it was about to finish", async () => {
    const signals = join(installed.package, "dist/cli/signals.js");
    const script = `import { listenForInterruption } from ${JSON.stringify(signals)};
      listenForInterruption((text) => process.stderr.write(text));
      setInterval(() => {}, 1000);
      console.log("ready");`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
    const result = ended(child);
    await printed(child, "ready");
    child.kill("SIGINT");
    await printed(child, "Once more ends at once");
    child.kill("SIGINT");
    expect((await result).status).toBe(130);
  });

  it("is how the emulator ends, with exit 0", async () => {
    const child = installed.start(["emulator", "--port", "0"]);
    const result = ended(child);
    const text = await printed(child, "fauna-ark export");
    const endpoint = /http:\/\/127\.0\.0\.1:\d+/.exec(text)![0];
    const answer = await fetch(`${endpoint}/query/1`, {
      method: "POST",
      headers: { authorization: "Bearer secret" },
      body: JSON.stringify({ query: "1 + 1" }),
    });
    expect(await answer.json()).toMatchObject({ data: 2 });
    child.kill("SIGINT");
    expect((await result).status).toBe(0);
  });
});

describe("fauna-ark emulator", () => {
  it("says how to connect with the official drivers", async () => {
    const child = installed.start(["emulator", "--port", "0"]);
    const result = ended(child);
    const text = await printed(child, "fauna-ark export");
    expect(text).toContain('import { Client, fql } from "fauna"');
    expect(text).toContain('import faunadb from "faunadb"');
    expect(text).toContain("root secret `secret`");
    child.kill("SIGTERM");
    await result;
  });

  it("says so when its port is taken, with exit 10", async () => {
    const { status, stderr } = await installed.run(["emulator", "--port", String(emulator.port)]);
    expect(status).toBe(10);
    expect(stderr).toContain(String(emulator.port));
    expect(stderr).toContain("another port");
  });

  it("tells where it is as JSON with --json", async () => {
    const child = installed.start(["emulator", "--port", "0", "--json"]);
    const result = ended(child);
    const text = await printed(child, "}\n");
    const { endpoint, port, secret } = JSON.parse(text) as Record<string, unknown>;
    expect(endpoint).toBe(`http://127.0.0.1:${String(port)}`);
    expect(secret).toBe("secret");
    child.kill("SIGINT");
    await result;
  });
});

/** Resolves when a file or folder is there, or the process that is to make it has ended. */
async function appears(path: string, child: ChildProcess): Promise<void> {
  const exists = () =>
    stat(path).then(
      () => true,
      () => false,
    );
  while (child.exitCode === null && !(await exists())) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
