/** The README's session and its library example, run as they are written there. */
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/folders.ts";
import {
  cleanEnvironment,
  ended,
  type Installed,
  installPackage,
  printed,
} from "../support/installed.ts";

const README = join(import.meta.dirname, "../../README.md");
/** The port that the README uses; the test has one chosen that is free. */
const PORT = "8443";

let installed: Installed;
beforeAll(() => {
  installed = installPackage();
});
afterAll(() => installed.remove());

/** The code block that follows a comment `<!-- name -->`. */
async function block(name: string): Promise<string> {
  const text = await readFile(README, "utf8");
  const found = new RegExp(`<!-- ${name} -->\\s*\`\`\`\\w+\\n(.*?)\`\`\``, "s").exec(text);
  if (found === null) throw new Error(`the README has no block ${name}`);
  return found[1]!;
}

function shell(script: string, cwd: string, env: Readonly<Record<string, string>> = {}) {
  return spawn("bash", ["-c", script], {
    cwd,
    env: { ...cleanEnvironment(), PATH: installed.path, ...env },
  });
}

const TS = /"ts":\d+,/g;

/** The record that the README shows; its `ts` is of another day. */
async function shownRecord(): Promise<string> {
  return /^\{"id":"2",.*$/m.exec(await readFile(README, "utf8"))![0];
}

describe("the README", () => {
  it("has a session that works line by line and ends with an equal copy", async () => {
    const cwd = await temporaryFolder();
    // `exec`: the signal at the end has to reach the emulator, not the shell around it.
    const server = shell(`exec ${(await block("session: server")).trim()}`, cwd, {
      FAUNA_ARK_PORT: "0",
    });
    const serverEnded = ended(server);
    try {
      const text = await printed(server, "with the root secret");
      const port = /127\.0\.0\.1:(\d+)/.exec(text)![1]!;
      const lines = (await block("session: client")).replaceAll(PORT, port);
      const { status, stdout, stderr } = await ended(shell(`set -ex\n${lines}`, cwd));
      expect(stderr).toContain("Exported 4,709 documents");
      expect(stdout.replaceAll(TS, "")).toContain((await shownRecord()).replace(TS, ""));
      expect(stdout).toContain("Would import");
      expect(stderr).toContain("Imported 4,709 of 4,709 documents");
      expect(stdout).toContain("Every definition and schema file is the same.");
      expect(stdout).not.toContain("DIFFERENT");
      expect(status, stderr).toBe(0);
    } finally {
      server.kill("SIGINT");
    }
    expect((await serverEnded).status).toBe(0);
  });

  it("has a library example that runs and ends with an equal copy", async () => {
    const file = join(installed.project, "example.mjs");
    await writeFile(file, await block("library"));
    const child = spawn(process.execPath, [file], {
      cwd: installed.project,
      env: cleanEnvironment(),
    });
    const { status, stdout, stderr } = await ended(child);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^1 document as of .*Z\nequal\n$/);
    expect(status).toBe(0);
  });

  it("links to pages that are there", async () => {
    const text = await readFile(README, "utf8");
    for (const [, target] of text.matchAll(/\]\((docs\/[^)#]*)/g)) {
      await expect(
        readFile(join(README, "..", target!)).catch((error: NodeJS.ErrnoException) =>
          error.code === "EISDIR" ? "" : Promise.reject(error),
        ),
        target,
      ).resolves.toBeDefined();
    }
  });
});
