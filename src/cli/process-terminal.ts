/** The terminal of this very process. */
import { ArkError } from "../errors/errors.ts";
import type { Terminal } from "./terminal.ts";

/** What a write fails with when nobody reads any more: a pipe's reader is gone, or the terminal itself. */
const GONE: ReadonlySet<string | undefined> = new Set(["EPIPE", "EIO"]);

/** `signal` is the one of `listenForInterruption`. */
export function processTerminal(signal: AbortSignal): Terminal {
  const { stdin, stdout, stderr } = process;
  let readerGone = false;
  // `fauna-ark show … | head` ends the reader, not the run: what it does to a database or a disk goes on.
  const onError = (error: NodeJS.ErrnoException) => {
    if (!GONE.has(error.code)) throw error;
    readerGone = true;
  };
  stdout.on("error", onError);
  stderr.on("error", onError);
  return {
    out: (text) => {
      if (!readerGone) stdout.write(text);
    },
    err: (text) => void stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    interactive: stderr.isTTY && process.env["TERM"] !== "dumb",
    columns: (stdout.isTTY ? stdout.columns : stderr.columns) || 100,
    signal,
    askSecret: stdin.isTTY && stderr.isTTY ? (prompt) => askHidden(prompt) : undefined,
  };
}

/** Resolves once all that was written has left the process, or nobody reads any more. */
export async function flushed(): Promise<void> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(
    streams.map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve()))),
  );
}

const ENTER = /[\r\n]/;
const INTERRUPT = "\u0003";
const BACKSPACE = /[\b\u007f]/;

/** What was typed or pasted after the end of an answer: the beginning of the next. */
let typedAhead = "";

/** Reads a line from the keyboard without echoing it. */
async function askHidden(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  // Before the prompt: who answers it fast must not see the answer either.
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stderr.write(prompt);
  let typed = "";
  async function* keyboard(): AsyncGenerator<string, void, undefined> {
    yield typedAhead;
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) yield chunk as string;
  }
  try {
    for await (const chunk of keyboard()) {
      typedAhead = "";
      let length = 0;
      for (const character of chunk) {
        length += character.length;
        if (ENTER.test(character)) {
          const rest = chunk.slice(length);
          typedAhead = character === "\r" ? rest.replace(/^\n/, "") : rest;
          return typed;
        }
        if (character === INTERRUPT) {
          throw new ArkError("ERR_INTERRUPTED", "Stopped while a secret was asked for.", {
            hint: "Set FAUNA_SECRET, or use --secret-file.",
          });
        }
        typed = BACKSPACE.test(character) ? typed.slice(0, -1) : typed + character;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}
