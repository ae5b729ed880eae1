/** Where a passphrase may come from: the keyboard, a file, a command, the environment. Never an argument list. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ArkError } from "../errors/errors.ts";
import type { Terminal } from "./terminal.ts";

/** The variable that holds a passphrase. */
const VARIABLE = "FAUNA_ARK_PASSPHRASE";

/** A passphrase to encrypt with is asked for twice: nobody could open the archive after a slip. */
export type PassphraseUse = "encrypt" | "open";

interface Asked {
  /** At the terminal. */
  readonly ask: boolean;
  readonly file: string | undefined;
  readonly command: string | undefined;
}

/**
 * The first that was asked for, of the keyboard, the file and the command; else what the environment holds; else none.
 *
 * @throws ArkError ERR_USAGE when it is empty, typed differently the second time, or nobody can type; ERR_FILE_ACCESS
 * when the file cannot be read; the signal's reason.
 */
export async function findPassphrase(
  { ask, file, command }: Asked,
  terminal: Terminal,
  use: PassphraseUse,
): Promise<string | undefined> {
  if (ask) return askFor(terminal, use);
  if (file !== undefined) return fromFile(resolve(terminal.cwd, file));
  if (command !== undefined) return fromCommand(command, terminal);
  const value = terminal.env[VARIABLE];
  return value === "" ? undefined : value;
}

async function askFor({ askSecret }: Terminal, use: PassphraseUse): Promise<string> {
  if (askSecret === undefined) {
    throw new ArkError("ERR_USAGE", "There is no terminal at which to ask for the passphrase.", {
      place: "--passphrase",
      hint: `Use --passphrase-file, --passphrase-command or ${VARIABLE}.`,
    });
  }
  const typed = await askSecret("Passphrase of the archive: ");
  if (typed === "") throw empty("--passphrase");
  if (use === "encrypt" && (await askSecret("The same again: ")) !== typed) {
    throw new ArkError("ERR_USAGE", "The two passphrases differ.", {
      place: "--passphrase",
      hint: "Start again; nothing was written.",
    });
  }
  return typed;
}

async function fromFile(path: string): Promise<string> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    throw new ArkError("ERR_FILE_ACCESS", "The file with the passphrase cannot be read.", {
      place: path,
      cause: error,
      hint: "Check --passphrase-file and the file's permissions.",
    });
  }
  return onlyLine(content, path);
}

/** What the command prints. It may ask at the terminal itself, and says on stderr what goes wrong. */
async function fromCommand(command: string, terminal: Terminal): Promise<string> {
  const { cwd, env, signal } = terminal;
  signal.throwIfAborted();
  const child = spawn(command, {
    shell: true,
    cwd,
    env: { ...env },
    signal,
    stdio: ["inherit", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  let status: unknown;
  try {
    [status] = await once(child, "close");
  } catch (cause) {
    signal.throwIfAborted();
    throw failed("cannot be started", cause);
  }
  if (status !== 0) throw failed(`ended with status ${String(status)}`);
  return onlyLine(Buffer.concat(chunks).toString(), "--passphrase-command");
}

function failed(how: string, cause?: unknown): ArkError {
  return new ArkError("ERR_USAGE", `The command for the passphrase ${how}.`, {
    place: "--passphrase-command",
    cause,
    hint: "Run it by hand: it has to print the passphrase on one line.",
  });
}

/** Blanks may belong to a passphrase; the end of its line does not. */
function onlyLine(text: string, place: string): string {
  const line = text.replace(/\r?\n$/, "");
  if (line === "") throw empty(place);
  if (!line.includes("\n")) return line;
  throw new ArkError("ERR_USAGE", "There is more than one line where the passphrase is to be.", {
    place,
    hint: "Put it on one line, and nothing else.",
  });
}

function empty(place: string): ArkError {
  return new ArkError("ERR_USAGE", "The passphrase is empty.", { place, hint: "Give one." });
}
