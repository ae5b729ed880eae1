/** The emulator as people run it: begun with an archive or a schema, kept as an archive, made to fail on purpose. */
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/fauna/fauna.ts";
import { temporaryFolder } from "../support/folders.ts";
import { type Installed, installPackage, printed } from "../support/installed.ts";
import { differences, readIndependently } from "../support/independent-reader.ts";

let installed: Installed;
beforeAll(() => {
  installed = installPackage();
});
afterAll(() => installed.remove());

/** Runs an emulator of these words until `work` is done, then ends it as Ctrl-C does. */
async function during<T>(
  words: readonly string[],
  work: (endpoint: string) => Promise<T>,
): Promise<T> {
  const child = installed.start(["emulator", "--port", "0", "--json", "--quiet", ...words]);
  const closed = once(child, "close");
  try {
    const text = await printed(child, '"port"');
    return await work(/"endpoint": "([^"]+)"/.exec(text)![1]!);
  } finally {
    child.kill("SIGINT");
    await closed;
  }
}

describe("fauna-ark emulator", () => {
  it("saves what it holds as an archive when it ends, and begins with it again, the same", async () => {
    const archive = join(await temporaryFolder(), "state");
    const before = await during(["--sample", "--save", archive], (endpoint) =>
      readIndependently(endpoint, "secret"),
    );
    const after = await during(["--load", archive], (endpoint) =>
      readIndependently(endpoint, "secret"),
    );
    expect(before.documents.size).toBeGreaterThan(4_000);
    // Document 4 of Everything holds nulls in an array, which only come back with a new ts.
    expect(differences(before, after, new Set(["Everything/4"]))).toEqual([]);
  });

  it("begins with the schema files of a folder", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "more"));
    await writeFile(join(folder, "main.fsl"), "collection Product { name: String }\n");
    await writeFile(join(folder, "more/functions.fsl"), "function one() { 1 }\n");
    const { files } = await during(["--schema", folder], (endpoint) =>
      readIndependently(endpoint, "secret"),
    );
    expect([...files.keys()]).toEqual(["main.fsl", "more/functions.fsl"]);
  });

  it("lets queries fail as often as asked, and nothing else", async () => {
    await during(["--faults", "503:100%"], async (endpoint) => {
      const connection = connect({ endpoint, secret: "secret", retry: { attempts: 1 } });
      await expect(connection.v10("1")).rejects.toMatchObject({ code: "ERR_TRY_AGAIN" });
      expect((await fetch(`${endpoint}/ping`)).status).toBe(200);
      await connection.close();
    });
  });

  it.each([
    [["--faults", "503"], "is not a fault"],
    [["--faults", "404:5%"], "is not a fault"],
    [["--faults", "503:60%,429:60%"], "more than every request"],
    [["--sample", "--load", "x"], "one thing only"],
    [["--save", "."], "not empty"],
  ])("refuses %j with exit status 2 before it listens", async (words, what) => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "something"), "");
    const { status, stdout, stderr } = await installed.run(["emulator", "--port", "0", ...words], {
      cwd,
    });
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(what);
  });
});
