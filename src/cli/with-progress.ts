import type { OnProgress } from "../flow/flow.ts";
import type { Arguments } from "./arguments.ts";
import { showProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Shows how `work` gets on, unless asked to be quiet, and leaves the screen tidy however it ends. */
export async function withProgress<T>(
  args: Arguments,
  terminal: Terminal,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const view = showProgress(terminal, { quiet: args.flag("quiet") });
  try {
    return await work(view.onProgress);
  } finally {
    view.stop();
  }
}

/** A report as the one JSON document of stdout. */
export function printJsonReport(terminal: Terminal, report: unknown): void {
  terminal.out(`${JSON.stringify(report, undefined, 2)}\n`);
}
