const NEWLINE = 0x0a;

/** One line of a text, without its newline. */
export interface Line {
  readonly text: string;
  /** 1 for the first line. */
  readonly number: number;
  /** Bytes before the line's first byte. */
  readonly offset: number;
  /** Bytes of the line itself, its newline not counted. */
  readonly bytes: number;
  /** False only for a last line that the text ends without a newline. */
  readonly terminated: boolean;
}

/** A text that is not lines of UTF-8, and where. */
export class LineError extends Error {
  override readonly name = "LineError";
  /** `encoding`: bytes that are not UTF-8. `length`: a line over the limit. */
  readonly reason: "encoding" | "length";
  /** 1 for the first line. */
  readonly line: number;
  /** Bytes before the line's first byte. */
  readonly offset: number;

  constructor(reason: "encoding" | "length", message: string, line: number, offset: number) {
    super(message);
    this.reason = reason;
    this.line = line;
    this.offset = offset;
  }
}

export interface LinesOptions {
  /** Longest line, in bytes, that is taken into memory. Without it there is no limit. */
  readonly bytesMax?: number;
}

/**
 * Splits bytes into lines, whatever the chunks they come in.
 *
 * Decoding is strict: bytes that are not UTF-8 throw a {@link LineError} instead of turning into
 * U+FFFD, and a leading U+FEFF stays, for both would lose data. Only `\n` ends a line; a `\r` before
 * it belongs to the line. Throws a {@link LineError} as soon as a line is over `bytesMax`, without
 * reading it to its end.
 */
export async function* lines(
  source: AsyncIterable<Uint8Array>,
  { bytesMax = Infinity }: LinesOptions = {},
): AsyncGenerator<Line, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let number = 1;
  let offset = 0;

  const guard = (bytes: number) => {
    if (bytes <= bytesMax) return;
    const message = `line ${number} is longer than ${bytesMax} bytes`;
    throw new LineError("length", message, number, offset);
  };
  const take = (last: Uint8Array, terminated: boolean): Line => {
    const bytes = heldBytes + last.length;
    guard(bytes);
    const whole = held.length === 0 ? last : Buffer.concat([...held, last], bytes);
    let text: string;
    try {
      text = decoder.decode(whole);
    } catch {
      const message = `line ${number} holds bytes that are not UTF-8`;
      throw new LineError("encoding", message, number, offset);
    }
    const line = { text, number, offset, bytes, terminated };
    held = [];
    heldBytes = 0;
    number++;
    offset += bytes + 1;
    return line;
  };

  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield take(chunk.subarray(start, end), true);
      start = end + 1;
    }
    if (start === chunk.length) continue;
    held.push(chunk.subarray(start));
    heldBytes += chunk.length - start;
    guard(heldBytes);
  }
  if (heldBytes > 0) yield take(new Uint8Array(0), false);
}
