/** Runs one call of the command line from words to exit status. A test can call it with its own terminal. */
import { ArkError } from "../errors/errors.ts";
import type { CommandSpec } from "./command.ts";
import { reportFailure } from "./failure.ts";
import { parseCommandLine } from "./parse.ts";
import type { Terminal } from "./terminal.ts";

export async function runCommandLine(
  words: readonly string[],
  terminal: Terminal,
  { commands, version }: { readonly commands: readonly CommandSpec[]; readonly version: string },
): Promise<number> {
  const { env, cwd, columns } = terminal;
  // Until the words are understood, what they look like decides how a failure is told.
  let json = words.includes("--json");
  try {
    const parsed = await parseCommandLine(words, { commands, version, env, cwd, columns });
    if (parsed.kind === "print") {
      terminal.out(parsed.text === "" ? "" : `${parsed.text}\n`);
      return 0;
    }
    json = parsed.args.flag("json");
    return await parsed.command.run(parsed.args, terminal);
  } catch (error) {
    const { reason } = terminal.signal as { reason: unknown };
    const cause = terminal.signal.aborted && reason instanceof ArkError ? reason : error;
    return reportFailure(cause, terminal, json);
  }
}
