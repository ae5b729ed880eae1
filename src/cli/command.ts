/** One command, as data and one function. */
import type { Arguments } from "./arguments.ts";
import type { OptionSpec } from "./option.ts";
import type { Terminal } from "./terminal.ts";

export interface PositionalSpec {
  readonly name: string;
  readonly summary: string;
  readonly required: boolean;
}

export interface Example {
  readonly line: string;
  readonly about: string;
}

export interface CommandSpec {
  readonly name: string;
  /** What it does, as one sentence. */
  readonly summary: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** Exit statuses other than 0, 1 and 2 that it can end with, and what each means here. */
  readonly exits: Readonly<Record<number, string>>;
  /** Does the work and returns the exit status. Throws ArkError for what it cannot do. */
  run(args: Arguments, terminal: Terminal): Promise<number>;
}
