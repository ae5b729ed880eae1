import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal that keeps what was printed. */
export interface RecordingTerminal extends Terminal {
  readonly stdout: string;
  readonly stderr: string;
}

export function recordingTerminal(options: Partial<Terminal> = {}): RecordingTerminal {
  const printed = { out: "", err: "" };
  return {
    env: {},
    cwd: process.cwd(),
    interactive: false,
    columns: 100,
    signal: new AbortController().signal,
    askSecret: undefined,
    ...options,
    out: (text) => void (printed.out += text),
    err: (text) => void (printed.err += text),
    get stdout() {
      return printed.out;
    },
    get stderr() {
      return printed.err;
    },
  };
}
