/** Builds the sample database by its statements, as an application would. */
import { ArkError } from "../../errors/errors.ts";
import type { Connection } from "../../fauna/fauna.ts";
import type { OnProgress } from "../../flow/flow.ts";
import { type SampleSize, type SampleStep, sampleSteps } from "./sample.ts";

/** @returns how many statements ran. @throws ArkError naming the statement that was refused. */
export async function buildSample(
  connection: Connection,
  {
    size,
    signal,
    onProgress,
  }: {
    readonly size: SampleSize;
    readonly signal: AbortSignal;
    readonly onProgress: OnProgress;
  },
): Promise<number> {
  const steps = [...sampleSteps(size)];
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    await run(connection, step, signal);
    onProgress({ phase: "build", done: index + 1, total: steps.length, unit: "steps" });
  }
  return steps.length;
}

async function run(connection: Connection, step: SampleStep, signal: AbortSignal): Promise<void> {
  try {
    if (step.language === "v4") await connection.v4(step.body, { signal });
    else {
      const { query, documents } = step;
      await connection.v10(query, {
        signal,
        ...(documents === undefined ? {} : { arguments: { documents } }),
      });
    }
  } catch (error) {
    if (!(error instanceof ArkError) || signal.aborted) throw error;
    const { code, place, hint, details } = error;
    throw new ArkError(code, `The sample's statement «${step.about}» failed: ${error.message}`, {
      place,
      hint,
      details,
      cause: error,
    });
  }
}
