/** `docs/CLI.md`, printed from the tables that the command line itself runs on. */
import { ERROR_CODES } from "../errors/errors.ts";
import type { CommandSpec } from "./command.ts";
import { CONTRACTS } from "./contracts.ts";
import { environmentName, type OptionSpec } from "./option.ts";
import { COMMON_OPTIONS } from "./parse.ts";

/** The whole page, as Markdown. */
export function printManual(commands: readonly CommandSpec[]): string {
  return [
    "# The command line\n",
    "This page is printed from the option tables in `src/cli` (`npm run docs`); a test keeps it so.\n",
    INTRODUCTION,
    "## Commands\n",
    commands
      .map(({ name, summary }) => `- [\`fauna-ark ${name}\`](#fauna-ark-${name}): ${summary}.`)
      .join("\n"),
    "",
    ...commands.map(section),
    "## Options of every command\n",
    optionTable(COMMON_OPTIONS),
    "",
    SECRETS,
    CONFIG,
    jsonSection(),
    exitSection(),
  ].join("\n");
}

const INTRODUCTION = `\`\`\`
fauna-ark <command> [arguments] [options]
\`\`\`

What a command was asked for goes to stdout (the text of \`show\`, the findings of \`verify\` and \`diff\`, the plan of a \`--dry-run\`, every \`--json\` report); progress,
summaries and errors go to stderr. The value of an option is taken from the first place that has one: the flag, the environment, the
profile of the config file, the config file, the default. In the environment, a list is separated by commas and a switch is \`true\` or \`false\`; an
empty variable counts as not set. \`fauna-ark completion\` prints a completion script for bash or zsh.
`;

const SECRETS = `## Secrets

A secret is never an argument, because others on the machine can read those. It comes from the file that \`--secret-file\` (or \`secret-file\` in the
config file) names; else from \`FAUNA_ARK_SECRET\` or \`FAUNA_SECRET\`; else, on a terminal, it is asked for and not shown. It appears in
no log, error or archive. The same goes for the passphrase of an encrypted archive, which comes from the terminal (\`--passphrase\`), a file, a command, or
\`FAUNA_ARK_PASSPHRASE\`; \`export\` encrypts with it, the others open with it. \`--database\` reaches a child database with the same secret; that it does is checked before anything is read or written.

\`copy\` and \`diff\` may open two databases. The second one's secret comes from \`--to-secret-file\`, else from \`FAUNA_ARK_TO_SECRET\`; else, if the second
endpoint is the first one, it is the first one's; else it is asked for. No secret is sent to an endpoint that it was not given for.
`;

const CONFIG = `## Config file

\`fauna-ark.config.json\` in the working folder, or the file that \`--config\` names. It holds options under their own names, for every
command, and profiles that go over them. Unknown keys are errors. Files that it names are looked for beside it.

\`\`\`json
{
  "compress": "gzip",
  "profiles": {
    "prod": { "endpoint": "https://fauna.example", "secret-file": "prod.secret", "window": 16 },
    "local": { "endpoint": "http://127.0.0.1:8443" }
  }
}
\`\`\`

\`fauna-ark export ./archive --profile prod\` then needs no more. Where a command takes two databases, \`@prod\` stands for the \`endpoint\`, \`secret-file\` and
\`database\` of the profile, which go before the options: \`fauna-ark copy @prod @local --to-database shop --create\`. What a profile leaves out is taken from the options, for the second
database from those that begin with \`--to-\`.
`;

function section(command: CommandSpec): string {
  const { name, summary, positionals, options, examples, exits } = command;
  const words = positionals.map((each) => (each.required ? `<${each.name}>` : `[${each.name}]`));
  const parts = [
    `## fauna-ark ${name}\n`,
    `\`\`\`\n${["fauna-ark", name, ...words, "[options]"].join(" ")}\n\`\`\`\n`,
    `${summary}.\n`,
  ];
  if (positionals.length > 0) {
    const rows = positionals.map((each) => [`\`${each.name}\``, each.summary]);
    parts.push(table(["argument", ""], rows), "");
  }
  if (options.length > 0) parts.push(optionTable(options), "");
  parts.push("Examples:\n", "```sh");
  for (const { line, about } of examples) parts.push(`# ${about}`, line);
  parts.push("```\n");
  const statuses = Object.entries({ 0: "done", ...exits }).map(
    ([status, about]) => `${status} ${about}`,
  );
  parts.push(`Exit statuses: ${statuses.join("; ")}. All of them: [below](#exit-statuses).\n`);
  return parts.join("\n");
}

function optionTable(options: readonly OptionSpec[]): string {
  const rows = options.map((option) => [
    [optionWord(option), ...(option.alias === undefined ? [] : [`--${option.alias}`])]
      .map((word) => `\`${word}\``)
      .join(" or "),
    [
      `${option.summary}.`,
      option.type === "list" ? "May be given more than once." : "",
      option.default === undefined ? "" : `Default: \`${option.default}\`.`,
    ]
      .filter((part) => part !== "")
      .join(" "),
    option.callOnly === true
      ? "flag only"
      : [environmentName(option), ...(option.alsoFrom ?? [])]
          .map((each) => `\`${each}\``)
          .join(", "),
  ]);
  return table(["option", "", "environment"], rows);
}

function optionWord({ name, type, placeholder, choices }: OptionSpec): string {
  if (type === "flag") return `--${name}`;
  return `--${name} ${choices === undefined ? (placeholder ?? "VALUE") : choices.join("|")}`;
}

function jsonSection(): string {
  const parts = [
    "## JSON\n",
    "With `--json`, stdout holds exactly one JSON document. Members may be added to these; none change their meaning. Times `ts` are microseconds since 1970, as decimal strings.\n",
  ];
  for (const { title, members } of CONTRACTS) {
    parts.push(`**${title}**\n`);
    parts.push(
      table(
        ["member", ""],
        Object.entries(members).map(([name, about]) => [`\`${name}\``, about]),
      ),
      "",
    );
  }
  return parts.join("\n");
}

function exitSection(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { exit, about }]) => [
    String(exit),
    `\`${code}\``,
    about,
  ]);
  return [
    "## Exit statuses\n",
    "0 is done. Any other comes with an error that has one of these codes, a place and a remedy.\n",
    table(["status", "code", "meaning"], rows),
    "",
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map(tableLine).join("\n");
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
