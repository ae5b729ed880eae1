import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { printManual } from "../../../src/cli/manual.ts";
import { environmentName } from "../../../src/cli/option.ts";
import { COMMON_OPTIONS } from "../../../src/cli/parse.ts";
import { ERROR_CODES } from "../../../src/errors/errors.ts";

describe("docs/CLI.md", () => {
  // `npm run docs` writes it.
  it("is what the option tables and error codes print", async () => {
    await expect(printManual(COMMANDS)).toMatchFileSnapshot("../../../docs/CLI.md");
  });

  it("names every command, option, variable, example, error code and exit status", () => {
    const page = printManual(COMMANDS);
    const options = [...COMMANDS.flatMap((command) => command.options), ...COMMON_OPTIONS];
    const expected = [
      ...COMMANDS.map(({ name }) => `## fauna-ark ${name}`),
      ...COMMANDS.flatMap(({ examples }) => examples.map(({ line }) => line)),
      ...options.map(({ name }) => `--${name}`),
      ...options.filter(({ callOnly }) => callOnly !== true).map(environmentName),
      ...Object.entries(ERROR_CODES).map(([code, { exit }]) => `| ${exit} | \`${code}\``),
    ];
    for (const part of expected) expect(page).toContain(part);
  });
});

describe("the option tables", () => {
  it("give an option of one name one meaning of its value in every command", () => {
    const types = new Map<string, string>();
    for (const { name, options } of COMMANDS) {
      for (const option of options) {
        expect(types.get(option.name) ?? option.type, `${name} --${option.name}`).toBe(option.type);
        types.set(option.name, option.type);
      }
    }
  });

  it("offer no way to put a secret on the command line", () => {
    for (const { name, options } of COMMANDS) {
      expect(
        options.map((option) => option.name),
        name,
      ).not.toContain("secret");
    }
  });
});
