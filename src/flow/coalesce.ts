const BYTES_MIN = 64 * 1024;

/**
 * Joins small chunks into chunks of at least `bytesMin`; only the last may be shorter.
 *
 * A byte stream pays for every chunk, not for every byte: a line at a time into gzip is an order of
 * magnitude slower than 64 KiB at a time. Chunks that are large already pass without being copied.
 */
export async function* coalesce(
  source: AsyncIterable<Uint8Array>,
  bytesMin: number = BYTES_MIN,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < bytesMin) continue;
    yield join(held, bytes);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield join(held, bytes);
}

function join(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
}
