/** Ctrl-C and SIGTERM: the first asks the run to stop cleanly, the second ends the process at once. */
import { constants } from "node:os";
import { ArkError } from "../errors/errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Stops listening, so that the process can end. */
  dispose(): void;
}

export function listenForInterruption(say: (text: string) => void): Interruption {
  const controller = new AbortController();
  const onSignal = (name: (typeof SIGNALS)[number]) => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    say(`\n${name}: stopping; nothing half-written will look whole. Once more ends at once.\n`);
    controller.abort(
      new ArkError(
        name === "SIGINT" ? "ERR_INTERRUPTED" : "ERR_TERMINATED",
        `Stopped by ${name}.`,
        { hint: "Nothing that was reported done is lost; start the command again." },
      ),
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
