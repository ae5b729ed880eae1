import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Arguments } from "../../../src/cli/arguments.ts";
import type { CommandSpec } from "../../../src/cli/command.ts";
import { runCommandLine } from "../../../src/cli/run.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";
import { ArkError } from "../../../src/errors/errors.ts";
import { recordingTerminal } from "../../support/terminal.ts";

/** A command of its own kind: it hands its arguments to the test and does what the test says. */
function probe(run: (args: Arguments, terminal: Terminal) => number = () => 0): CommandSpec {
  return {
    name: "pack",
    summary: "Packs a thing.",
    positionals: [{ name: "thing", summary: "What to pack", required: true }],
    options: [
      { name: "endpoint", type: "text", summary: "Where", alsoFrom: ["FAUNA_ENDPOINT"] },
      { name: "window", type: "count", summary: "How many", default: "4", min: 1, max: 64 },
      { name: "segment-size", type: "bytes", summary: "How much", default: "64MiB" },
      { name: "collection", type: "list", summary: "Which" },
      {
        name: "compress",
        type: "choice",
        choices: ["gzip", "none"],
        summary: "How",
        default: "gzip",
      },
      { name: "dry-run", type: "flag", summary: "Only say", callOnly: true },
      { name: "secret-file", type: "text", summary: "File with the secret" },
    ],
    examples: [{ line: "fauna-ark pack box", about: "Pack a box" }],
    exits: { 50: "the copy differs" },
    run: async (args, terminal) => run(args, terminal),
  };
}

async function call(words: string[], terminal = recordingTerminal(), command = probe()) {
  const status = await runCommandLine(words, terminal, { commands: [command], version: "9.8.7" });
  return { status, stdout: terminal.stdout, stderr: terminal.stderr };
}

async function argumentsOf(words: string[], terminal = recordingTerminal()): Promise<Arguments> {
  let seen: Arguments | undefined;
  const result = await call(
    words,
    terminal,
    probe((args) => {
      seen = args;
      return 0;
    }),
  );
  expect(result.stderr).toBe("");
  return seen!;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fauna-ark-cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the command line", () => {
  it("gives a command its positionals, flags and defaults, of their types", async () => {
    const args = await argumentsOf([
      "pack",
      "box",
      "--window",
      "8",
      "--collection",
      "A*",
      "--collection",
      "B",
      "--dry-run",
    ]);
    expect(args.required("thing")).toBe("box");
    expect(args.number("window")).toBe(8);
    expect(args.number("segment-size")).toBe(64 * 1024 * 1024);
    expect(args.list("collection")).toEqual(["A*", "B"]);
    expect(args.flag("dry-run")).toBe(true);
    expect(args.text("compress")).toBe("gzip");
    expect(args.text("endpoint")).toBeUndefined();
  });

  it("prefers the flag to the environment, that to the profile, that to the file, that to the default", async () => {
    const config = join(folder, "c.json");
    const values = {
      window: 2,
      "segment-size": "2KiB",
      profiles: { prod: { "segment-size": "3KiB", compress: "none" } },
    };
    await writeFile(config, JSON.stringify(values));
    const env = {
      FAUNA_ARK_WINDOW: "3",
      FAUNA_ENDPOINT: "http://127.0.0.1:8443",
      FAUNA_ARK_COLLECTION: "A,B",
    };
    const words = ["pack", "box", "--config", config, "--profile", "prod"];
    const args = await argumentsOf(words, recordingTerminal({ env }));
    expect(args.number("window")).toBe(3);
    expect(args.number("segment-size")).toBe(3 * 1024);
    expect(args.text("compress")).toBe("none");
    expect(args.text("endpoint")).toBe("http://127.0.0.1:8443");
    expect(args.list("collection")).toEqual(["A", "B"]);
    const flag = await argumentsOf([...words, "--window", "5"], recordingTerminal({ env }));
    expect(flag.number("window")).toBe(5);
  });

  it("looks for a file that a config file names beside the config file", async () => {
    await writeFile(join(folder, "fauna-ark.config.json"), JSON.stringify({ "secret-file": "s" }));
    const args = await argumentsOf(["pack", "box"], recordingTerminal({ cwd: folder }));
    expect(args.text("secret-file")).toBe(join(folder, "s"));
  });

  it.each([
    [["pakc", "box"], "There is no command pakc", "Did you mean pack?"],
    [["pack", "box", "--windwo", "3"], "pack has no option --windwo", "Did you mean --window?"],
    [["pack", "box", "-w", "3"], "pack has no option -w", "--help"],
    [["pack", "box", "--secret", "hush"], "pack has no option --secret", "FAUNA_SECRET"],
    [["pack", "box", "more"], "takes no further argument more", "--help"],
    [["pack", "box", "--window", "many"], 'needs a whole number, not "many"', "from 1 to 64"],
    [["pack", "box", "--window", "65"], "out of range: 65", "from 1 to 64"],
    [["pack", "box", "--window", "1", "--window", "2"], "given more than once", "once"],
    [["pack", "box", "--segment-size", "12 parsecs"], "needs a size", "64MiB"],
    [["pack", "box", "--compress", "lzma"], 'does not know "lzma"', "gzip, none"],
    [["pack"], "pack needs <", "See fauna-ark pack --help."],
    [["--profile", "prod", "pack", "box"], "no command prod", "fauna-ark pack … --option VALUE"],
    [[], "Name a command", "--help"],
  ])("refuses %j with exit status 2, saying what and what to do", async (words, what, remedy) => {
    const { status, stderr, stdout } = await call(words);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(what);
    expect(stderr).toContain(remedy);
    expect(stderr).not.toContain("hush");
  });

  it.each([
    ["{", "is not JSON", "ERR_CONFIG"],
    ['{"widnow": 3}', "unknown key: widnow", "Did you mean window?"],
    ['{"secret": "hush"}', "unknown key: secret", "secret-file"],
    ['{"dry-run": true}', "unknown key: dry-run", "ERR_CONFIG"],
    [
      '{"profiles": {"prod": {"windwo": 3}}}',
      "unknown key: profiles.prod.windwo",
      "Did you mean window?",
    ],
    ['{"window": "many"}', "needs a whole number", "window in "],
  ])("refuses the config file %s, saying where and what to do", async (content, what, remedy) => {
    await writeFile(join(folder, "fauna-ark.config.json"), content);
    const { status, stderr } = await call(["pack", "box"], recordingTerminal({ cwd: folder }));
    expect(status).toBe(2);
    expect(stderr).toContain(what);
    expect(stderr).toContain(remedy);
    expect(stderr).not.toContain("hush");
  });

  it("refuses a config file or profile that is asked for and not there", async () => {
    const file = await call(["pack", "box", "--config", join(folder, "none.json")]);
    expect(file.status).toBe(2);
    expect(file.stderr).toContain("cannot be read");
    const config = join(folder, "c.json");
    await writeFile(config, '{"profiles": {"prod": {}}}');
    const profile = await call(["pack", "box", "--config", config, "--profile", "prdo"]);
    expect(profile.status).toBe(2);
    expect(profile.stderr).toContain("Did you mean prod?");
  });

  it("refuses a value for a switch, which would be taken for no", async () => {
    for (const word of ["--dry-run=yes", "--dry-run=1", "--json=on"]) {
      const { status, stderr } = await call(["pack", "box", word]);
      expect(status).toBe(2);
      expect(stderr).toContain(`${word.split("=")[0]} is a switch and takes no value.`);
    }
    expect((await argumentsOf(["pack", "box", "--dry-run=true"])).flag("dry-run")).toBe(true);
    expect((await argumentsOf(["pack", "box", "--dry-run=false"])).flag("dry-run")).toBe(false);
  });

  it("ends every help with examples and exit statuses", async () => {
    const { status, stdout, stderr } = await call(["pack", "--help"]);
    expect(status).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain("fauna-ark pack box");
    expect(stdout).toContain("EXIT STATUS");
    expect(stdout).toContain("50  the copy differs");
    expect(stdout).toContain("FAUNA_ARK_WINDOW");
  });

  it("prints its version", async () => {
    expect((await call(["--version"])).stdout).toBe("9.8.7\n");
  });

  it("prints a completion script, and completes commands", async () => {
    expect((await call(["completion"])).stdout).toContain("fauna-ark");
  });

  it("turns an error into code, place, hint and exit status, as text and as JSON", async () => {
    const failing = probe(() => {
      throw new ArkError("ERR_MISMATCH", "Not the same.", { place: "Order 1", hint: "Look." });
    });
    const text = await call(["pack", "box"], recordingTerminal(), failing);
    expect(text.status).toBe(50);
    for (const part of ["Not the same.", "Order 1", "Look.", "ERR_MISMATCH"]) {
      expect(text.stderr).toContain(part);
    }
    const json = await call(["pack", "box", "--json"], recordingTerminal(), failing);
    expect(JSON.parse(json.stderr)).toEqual({
      error: {
        code: "ERR_MISMATCH",
        message: "Not the same.",
        place: "Order 1",
        hint: "Look.",
        exitStatus: 50,
      },
    });
  });

  it("tells errors as JSON when the environment or the config file asks for it, too", async () => {
    const failing = probe(() => {
      throw new ArkError("ERR_MISMATCH", "Not the same.");
    });
    const terminal = recordingTerminal({ env: { FAUNA_ARK_JSON: "true" } });
    const { status, stderr } = await call(["pack", "box"], terminal, failing);
    expect(status).toBe(50);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "ERR_MISMATCH" } });
  });

  it("reports what it did not foresee as a defect, with exit status 1", async () => {
    const failing = probe(() => {
      throw new RangeError("oops");
    });
    const { status, stderr } = await call(["pack", "box"], recordingTerminal(), failing);
    expect(status).toBe(1);
    expect(stderr).toContain("Unexpected failure: oops");
    expect(stderr).toContain("run.test.ts");
  });

  it("ends with the reason of the interruption when it was interrupted", async () => {
    const signal = AbortSignal.abort(new ArkError("ERR_INTERRUPTED", "Stopped by SIGINT."));
    const failing = probe((_args, terminal) => {
      terminal.signal.throwIfAborted();
      return 0;
    });
    expect((await call(["pack", "box"], recordingTerminal({ signal }), failing)).status).toBe(130);
  });
});
