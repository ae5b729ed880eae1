/** Ctrl-C, SIGTERM and SIGHUP: the first asks the run to stop cleanly, the second ends the process at once. */
import { constants } from "node:os";
import { ArkError, type ErrorCode } from "../errors/errors.ts";

/** The code that a run stops with; its exit status is 128 and the signal's number, as of a process that does not listen. */
const CODES = {
  SIGINT: "ERR_INTERRUPTED",
  SIGTERM: "ERR_TERMINATED",
  SIGHUP: "ERR_HANGUP",
} as const satisfies Partial<Record<NodeJS.Signals, ErrorCode>>;

const SIGNALS = Object.keys(CODES) as (keyof typeof CODES)[];

export interface Interruption {
  readonly signal: AbortSignal;
  /** Stops listening, so that the process can end. */
  dispose(): void;
}

export function listenForInterruption(say: (text: string) => void): Interruption {
  const controller = new AbortController();
  const onSignal = (name: keyof typeof CODES) => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    say(`\n${name}: stopping; nothing half-written will look whole. Once more ends at once.\n`);
    controller.abort(
      new ArkError(CODES[name], `Stopped by ${name}.`, {
        hint: "Nothing that was reported done is lost; start the command again.",
      }),
    );
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
