/**
 * Processes that are killed at a step of their progress, and not at some time: at that step they stand still, so that
 * neither can they end before the signal comes nor does it come too early.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect } from "vitest";

/**
 * JavaScript for the program of such a process: `onProgress` says each step in a line, and does not come back from
 * the one that follows as many as the environment's STEPS. Nothing runs any more then but what other threads have begun.
 */
export const STANDS_STILL = `
let steps = 0;
const onProgress = (progress) => {
  console.log(JSON.stringify(progress));
  if (++steps > Number(process.env.STEPS)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
`;

/** Kills the process when it stands still behind so many steps, and waits for its end. */
export async function killedStanding(
  child: ChildProcess,
  steps: number,
  onStep: (step: number) => Promise<unknown> | void = () => {},
): Promise<void> {
  const closed = once(child, "close");
  let seen = 0;
  for await (const _ of createInterface({ input: child.stdout! })) {
    if (++seen > steps) child.kill("SIGKILL");
    else await onStep(seen);
  }
  await closed;
  expect({ seen, by: child.signalCode }).toEqual({ seen: steps + 1, by: "SIGKILL" });
}
