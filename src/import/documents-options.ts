/** How documents are written, of what was asked for: for a target, and for each database below it. */
import { basename } from "node:path";
import { ArkError } from "../errors/errors.ts";
import { BatchFlow, bytesToHold, type Connection, snapshotTime } from "../fauna/fauna.ts";
import { progressBelow } from "../flow/flow.ts";
import { deadLettersOf } from "./dead-letters.ts";
import type { DocumentsOptions } from "./documents.ts";
import type { ReplayOptions } from "./import.ts";
import type { ImportSource } from "./source.ts";

export async function documentsOptions(
  target: Connection,
  source: ImportSource,
  options: Omit<ReplayOptions, "target">,
): Promise<DocumentsOptions> {
  const signal = options.signal ?? new AbortController().signal;
  // A ttl passes by the server's clock: what it said once, and what has gone by here since.
  const serverTime = await snapshotTime(target, { signal });
  const serverTimeReadAt = performance.now();
  return {
    window: atLeastOne("window", options.window ?? 8),
    batchDocuments: atLeastOne("batchDocuments", options.batchDocuments ?? 500),
    batchBytes: atLeastOne("batchBytes", options.batchBytes ?? 1024 * 1024),
    flow: new BatchFlow({
      batchDocuments: options.batchDocuments,
      window: options.window,
      bytes: options.bytesHeld ?? bytesToHold(options.maxMemory),
      onStep: options.onTuned,
    }),
    timeoutMs: options.timeoutMs,
    restoreDeletedRefs: options.restoreDeletedRefs,
    deadLetterFile: options.deadLetterFile ?? `${basename(source.place)}.refused.ndjson`,
    now: () => serverTime + BigInt(Math.round((performance.now() - serverTimeReadAt) * 1000)),
    signal,
    onProgress: options.onProgress ?? (() => {}),
  };
}

/** The same for each database of a tree, with dead letters and progress of its own. */
export function optionsBelow(
  options: DocumentsOptions,
): (path: readonly string[]) => DocumentsOptions {
  return (path) => ({
    ...options,
    deadLetterFile: deadLettersOf(path, options.deadLetterFile),
    onProgress: progressBelow(path, options.onProgress),
  });
}

function atLeastOne(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ArkError("ERR_USAGE", `${name} has to be a whole number from 1.`, { place: name });
}
