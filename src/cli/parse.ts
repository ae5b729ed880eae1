/**
 * From a command line to a command and its arguments. yargs splits the words, prints help and
 * completes them; what a value means is decided by the option tables alone.
 *
 * A value is taken from the first place that has one: the flag, the environment, the profile and
 * config file, the default.
 */
import yargs from "yargs";
import { ArkError } from "../errors/errors.ts";
import { Arguments } from "./arguments.ts";
import type { CommandSpec } from "./command.ts";
import { type ConfigValues, readConfig } from "./config.ts";
import { didYouMean } from "./nearest.ts";
import { environmentName, type OptionSpec, type OptionValue, parseOption } from "./option.ts";

/** Options of every command. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  {
    name: "config",
    type: "text",
    placeholder: "FILE",
    summary: "Config file; fauna-ark.config.json of the working folder by default",
    callOnly: true,
  },
  {
    name: "profile",
    type: "text",
    placeholder: "NAME",
    summary: "Profile of the config file to use",
    callOnly: true,
  },
  { name: "json", type: "flag", summary: "Print one JSON report on stdout, and errors as JSON" },
  { name: "quiet", type: "flag", summary: "No progress; only results and errors" },
  { name: "verbose", type: "flag", summary: "Say more, such as every retry" },
];

export type Parsed =
  | { readonly kind: "run"; readonly command: CommandSpec; readonly args: Arguments }
  /** `--help`, `--version` or completion: the text to print. */
  | { readonly kind: "print"; readonly text: string };

export interface ParseContext {
  readonly commands: readonly CommandSpec[];
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly columns: number;
}

type Argv = Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] };

export async function parseCommandLine(
  words: readonly string[],
  context: ParseContext,
): Promise<Parsed> {
  const first = words.find((word) => !word.startsWith("-"));
  refuseUnknownCommand(first, words, context.commands);

  let chosen: { command: CommandSpec; argv: Argv } | undefined;
  const parser = buildParser(words, context, (command, argv) => {
    chosen = { command, argv };
  });
  let printed = "";
  await parser.parseAsync([...words], {}, (error, _argv, output) => {
    if (error !== undefined && error !== null) {
      throw asUsageError(
        error,
        context.commands.find(({ name }) => name === first),
      );
    }
    printed = output;
  });
  if (chosen === undefined) return { kind: "print", text: printed };
  const { command, argv } = chosen;
  refuseSecretArguments(command, argv, words);
  refuseSwitchValues(command, words);
  return { kind: "run", command, args: await resolveArguments(command, argv, context) };
}

function buildParser(
  words: readonly string[],
  context: ParseContext,
  choose: (command: CommandSpec, argv: Argv) => void,
) {
  const parser = yargs([...words])
    .scriptName("fauna-ark")
    .usage("$0 <command>\n\nExport, import and verify Fauna databases.")
    .parserConfiguration({
      "camel-case-expansion": false,
      "dot-notation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "greedy-arrays": false,
      "short-option-groups": false,
    })
    .version(context.version)
    .help()
    .alias("help", "h")
    .completion("completion", "Print a completion script for bash or zsh")
    .wrap(Math.min(context.columns, 110))
    .exitProcess(false)
    .demandCommand(1, "Name a command.")
    .epilogue(
      "EXIT STATUS: 0 done, 2 usage, others in docs/CLI.md. Help on one: fauna-ark <command> --help",
    );
  for (const command of context.commands) {
    parser.command(
      [command.name, ...command.positionals.map(positionalWord)].join(" "),
      command.summary,
      (builder) => {
        for (const { name, summary } of command.positionals) {
          builder.positional(name, { type: "string", describe: summary });
        }
        for (const option of [...command.options, ...COMMON_OPTIONS]) {
          builder.option(option.name, yargsOption(option));
        }
        for (const { line, about } of command.examples) builder.example(line, about);
        return builder.epilogue(exitStatusText(command));
      },
      (argv) => choose(command, argv as unknown as Argv),
    );
  }
  return parser;
}

function positionalWord({ name, required }: { name: string; required: boolean }): string {
  return required ? `<${name}>` : `[${name}]`;
}

function yargsOption(option: OptionSpec) {
  const sources = [
    ...(option.callOnly === true ? [] : [environmentName(option)]),
    ...(option.alsoFrom ?? []),
  ];
  return {
    describe: [
      option.summary,
      ...(option.choices === undefined ? [] : [`(${option.choices.join(", ")})`]),
      ...(sources.length === 0 ? [] : [`[${sources.join(", ")}]`]),
    ].join(" "),
    ...(option.type === "flag"
      ? { type: "boolean" as const }
      : option.type === "list"
        ? { type: "array" as const, string: true }
        : { type: "string" as const, requiresArg: true }),
    ...(option.alias === undefined ? {} : { alias: option.alias }),
    ...(option.default === undefined ? {} : { defaultDescription: option.default }),
  };
}

/** The `EXIT STATUS` block that ends a command's help. */
function exitStatusText(command: CommandSpec): string {
  const exits = { 0: "done", 1: "unexpected failure", 2: "usage", ...command.exits };
  return `EXIT STATUS\n${Object.entries(exits)
    .map(([status, about]) => `  ${status.padStart(3)}  ${about}`)
    .join("\n")}`;
}

function refuseUnknownCommand(
  first: string | undefined,
  words: readonly string[],
  commands: readonly CommandSpec[],
): void {
  const names = [...commands.map(({ name }) => name), "completion"];
  if (first === undefined || names.includes(first)) return;
  if (words.some((word) => word === "--get-yargs-completions")) return;
  const meant = words.slice(words.indexOf(first)).find((word) => names.includes(word));
  const behind = meant && `Options come behind the command: fauna-ark ${meant} … --option VALUE.`;
  throw new ArkError("ERR_USAGE", `There is no command ${first}.`, {
    place: first,
    hint: behind ?? didYouMean(first, names, `The commands are: ${names.join(", ")}.`),
  });
}

function asUsageError(error: unknown, command: CommandSpec | undefined): unknown {
  if (!(error instanceof Error) || error instanceof ArkError) return error;
  const given = /^Not enough non-option arguments: got (\d+)/.exec(error.message)?.[1];
  const missing = given && command?.positionals.filter(({ required }) => required)[Number(given)];
  if (missing && command) {
    return new ArkError("ERR_USAGE", `${command.name} needs <${missing.name}>.`, {
      place: `<${missing.name}>`,
      cause: error,
      hint: `${missing.summary}. See fauna-ark ${command.name} --help.`,
    });
  }
  return new ArkError("ERR_USAGE", error.message.split("\n", 1)[0]!, {
    cause: error,
    hint: "See fauna-ark --help.",
  });
}

/** `--passphrase hunter2` and `--passphrase=hunter2`: not a word of it is printed. */
function refuseSecretArguments(
  { options }: CommandSpec,
  argv: Argv,
  words: readonly string[],
): void {
  for (const { name, takesNoSecret } of options) {
    if (takesNoSecret !== true || argv[name] === undefined) continue;
    // yargs takes any value of a switch for `false`.
    const hasValue = words.some((word) => word.startsWith(`--${name}=`));
    if (!hasValue && argv._.length < 2) continue;
    throw new ArkError("ERR_USAGE", `--${name} is a switch and takes no value.`, {
      place: `--${name}`,
      hint: "It asks at the terminal. What is in an argument list can be read by others on the machine.",
    });
  }
}

/** `--recursive=yes`: yargs takes any value of a switch but `true` for `false`, without a word. */
function refuseSwitchValues({ options }: CommandSpec, words: readonly string[]): void {
  for (const { name, type } of [...options, ...COMMON_OPTIONS]) {
    if (type !== "flag") continue;
    const written = words.find((word) => word.startsWith(`--${name}=`));
    if (written === undefined || /=(?:true|false)$/.test(written)) continue;
    throw new ArkError("ERR_USAGE", `--${name} is a switch and takes no value.`, {
      place: `--${name}`,
      hint: `Write --${name} alone, or --${name}=false.`,
    });
  }
}

async function resolveArguments(
  command: CommandSpec,
  argv: Argv,
  context: ParseContext,
): Promise<Arguments> {
  const options = [...command.options, ...COMMON_OPTIONS];
  refuseUnknownFlags(command, options, argv);
  const positionals = new Map<string, string>();
  for (const { name } of command.positionals) {
    const value = argv[name];
    if (typeof value === "string") positionals.set(name, value);
  }
  const config = await readConfig({
    file: fromFlag(argv, "config"),
    profile: fromFlag(argv, "profile"),
    cwd: context.cwd,
    options: context.commands.flatMap((each) => each.options).concat(COMMON_OPTIONS),
  });
  const values = new Map<string, OptionValue>();
  for (const option of options) {
    const value = resolveOption(option, argv, context.env, config);
    if (value !== undefined) values.set(option.name, value);
  }
  return new Arguments({ ...command, options }, positionals, values);
}

function fromFlag(argv: Argv, name: string): string | undefined {
  const option = COMMON_OPTIONS.find((each) => each.name === name)!;
  const written = argv[name];
  return written === undefined ? undefined : (parseOption(option, written, `--${name}`) as string);
}

function resolveOption(
  option: OptionSpec,
  argv: Argv,
  env: Readonly<Record<string, string | undefined>>,
  config: ConfigValues,
): OptionValue | undefined {
  const flag = argv[option.name];
  if (flag !== undefined) return parseOption(option, flag, `--${option.name}`);
  if (option.callOnly !== true) {
    for (const name of [environmentName(option), ...(option.alsoFrom ?? [])]) {
      const written = env[name];
      if (written !== undefined && written !== "") return parseOption(option, written, name);
    }
    const configured = config.get(option.name);
    if (configured !== undefined) return parseOption(option, configured.written, configured.place);
  }
  return option.default === undefined
    ? undefined
    : parseOption(option, option.default, `the default of --${option.name}`);
}

function refuseUnknownFlags(
  command: CommandSpec,
  options: readonly OptionSpec[],
  argv: Argv,
): void {
  const known = options.flatMap(({ name, alias }) =>
    alias === undefined ? [name] : [name, alias],
  );
  const expected = new Set([
    ...known,
    ...command.positionals.map(({ name }) => name),
    "_",
    "$0",
    "help",
    "h",
    "version",
  ]);
  for (const key of Object.keys(argv)) {
    if (expected.has(key)) continue;
    const flag = key.length === 1 ? `-${key}` : `--${key}`;
    const hint =
      key === "secret" || key === "to-secret"
        ? `A secret in an argument list can be read by others on the machine: use ${key === "secret" ? "FAUNA_SECRET" : "FAUNA_ARK_TO_SECRET"} or --${key}-file.`
        : didYouMean(key, known, `See fauna-ark ${command.name} --help.`).replace(
            /mean (\S+)\?/,
            "mean --$1?",
          );
    throw new ArkError("ERR_USAGE", `${command.name} has no option ${flag}.`, {
      place: flag,
      hint,
    });
  }
  const extra = argv._[1];
  if (extra !== undefined) {
    throw new ArkError("ERR_USAGE", `${command.name} takes no further argument ${String(extra)}.`, {
      place: String(extra),
      hint: `See fauna-ark ${command.name} --help.`,
    });
  }
}
