import { ArkError } from "../errors/errors.ts";

const MiB = 1024 * 1024;

/**
 * What the process takes whatever it holds of a database: Node (75 MiB), the code and its workers, buffers of files and
 * sockets, and what Node lets lie of buffers that are done with.
 */
const BASELINE = 144 * MiB;

/** A page is, for moments, there as bytes of the wire, as a whole, as lines, and in frames, before and behind compression. */
const COPIES = 6;

export const MEMORY_DEFAULT = 256 * MiB;

/** A document of 8 MiB, the largest that Fauna takes, has to fit with what its text adds. */
export const MEMORY_MIN = BASELINE + COPIES * 16 * MiB;

/**
 * How many bytes of pages or batches may be held for the whole process to stay within `maxMemory` bytes.
 * @throws ArkError ERR_USAGE with the smallest value that works.
 */
export function bytesToHold(maxMemory: number = MEMORY_DEFAULT): number {
  if (Number.isSafeInteger(maxMemory) && maxMemory >= MEMORY_MIN)
    return Math.floor((maxMemory - BASELINE) / COPIES);
  throw new ArkError("ERR_USAGE", `${maxMemory} bytes of memory are too few.`, {
    place: "--max-memory",
    hint: `Use ${MEMORY_MIN / MiB}MiB or more: Node and its buffers take ${BASELINE / MiB} of them, and the largest document has to fit.`,
  });
}
