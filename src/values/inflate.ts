/** Decompression on the spot, for threads that have nothing else to do. */
import * as zlib from "node:zlib";

/** How the frames of segments are stored. */
export type Compression = "none" | "gzip" | "zstd";

/** The part of zlib that Node has from 22.15 on. */
interface Zstd {
  zstdDecompressSync: typeof zlib.gunzipSync;
}

const hasZstd = (module: object): module is Zstd => "zstdDecompressSync" in module;

/**
 * The text of a frame, in a buffer that nobody else has, which may be larger than it.
 *
 * @throws Error when `stored` is not one whole frame, is of more than `plainBytesMax` bytes, or this Node cannot know.
 */
export function inflateSync(
  stored: Uint8Array,
  compression: Compression,
  plainBytesMax: number,
): Uint8Array<ArrayBuffer> {
  if (compression === "none") return new Uint8Array(stored);
  // In one piece, and not out of the pool that smaller buffers share.
  const chunkSize = Math.max(plainBytesMax + 64, Buffer.poolSize);
  const options = { maxOutputLength: plainBytesMax, chunkSize };
  if (compression === "gzip") return zlib.gunzipSync(stored, options);
  const module: object = zlib;
  if (!hasZstd(module)) throw new Error(`Node ${process.versions.node} has no zstd`);
  return module.zstdDecompressSync(stored, options);
}
