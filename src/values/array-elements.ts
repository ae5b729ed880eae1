/**
 * The elements of one huge JSON array, one at a time: Fauna's own export with `datafile_format: json` puts a whole
 * collection into one.
 */
import { ArkError } from "../errors/errors.ts";

/** How an array is read. */
export interface ArrayElementsOptions {
  /** Longest element, in bytes, that is taken into memory. Without it there is no limit. */
  readonly bytesMax?: number;
  /** What the bytes are, for errors: a file's name. */
  readonly place?: string;
}

/**
 * Splits the text of a JSON array into the texts of its elements, whatever the chunks it comes in; memory is that of
 * the longest element. Only the array itself is checked: each element still has to be parsed.
 *
 * @throws ArkError ERR_RECORD with the byte offset when the bytes are no array, end before it does, go on behind it,
 *   are not UTF-8, or hold an element over `bytesMax`.
 */
export async function* arrayElements(
  source: AsyncIterable<Uint8Array>,
  { bytesMax = Infinity, place }: ArrayElementsOptions = {},
): AsyncGenerator<string, void, undefined> {
  const splitter = new Splitter(bytesMax, place);
  for await (const chunk of source) yield* splitter.push(chunk);
  splitter.end();
}

type State = "before" | "first" | "element" | "next" | "after";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

class Splitter {
  readonly #bytesMax: number;
  readonly #place: string | undefined;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #state: State = "before";
  #depth = 0;
  #inString = false;
  #escaped = false;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Bytes before the chunk at hand. */
  #offset = 0;

  constructor(bytesMax: number, place: string | undefined) {
    this.#bytesMax = bytesMax;
    this.#place = place;
  }

  *push(chunk: Uint8Array): Generator<string> {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const c = chunk[at] ?? 0;
      if (this.#state === "element") {
        if (!this.#endsElement(c)) continue;
        this.#hold(chunk.subarray(start, at), at);
        yield this.#release(at);
        this.#state = c === COMMA ? "next" : "after";
      } else if (!isSpace(c)) {
        start = at;
        this.#between(c, at);
      }
    }
    if (this.#state === "element") this.#hold(chunk.subarray(start), chunk.length);
    this.#offset += chunk.length;
  }

  end(): void {
    if (this.#state !== "after") throw this.#broken(0, "the rest of an array");
  }

  /** Whether `c`, met inside an element, is the first byte behind it. */
  #endsElement(c: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (c === BACKSLASH) this.#escaped = true;
      else if (c === QUOTE) this.#inString = false;
      return false;
    }
    if (this.#depth === 0 && (c === COMMA || c === CLOSE_ARRAY)) return true;
    this.#track(c);
    return false;
  }

  #track(c: number): void {
    if (c === QUOTE) this.#inString = true;
    else if (c === OPEN_ARRAY || c === 0x7b) this.#depth += 1;
    else if (c === CLOSE_ARRAY || c === 0x7d) this.#depth -= 1;
  }

  /** Takes `c`, which is not white space, where no element is under way. */
  #between(c: number, at: number): void {
    if (this.#state === "before") {
      if (c !== OPEN_ARRAY) throw this.#broken(at, 'the "[" of an array');
      this.#state = "first";
    } else if (this.#state === "after") {
      throw this.#broken(at, "the end");
    } else if (c === CLOSE_ARRAY && this.#state === "first") {
      this.#state = "after";
    } else if (c === COMMA || c === CLOSE_ARRAY || c === 0x7d) {
      throw this.#broken(at, "an element");
    } else {
      this.#state = "element";
      this.#track(c);
    }
  }

  #hold(bytes: Uint8Array, at: number): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.#bytesMax)
      throw this.#broken(at, `an element of at most ${this.#bytesMax} bytes`);
    // A copy: whoever reads the source may use its buffer again.
    this.#held.push(bytes.slice());
  }

  #release(at: number): string {
    const bytes = this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    try {
      return this.#decoder.decode(bytes).replace(/[ \t\r\n]+$/, "");
    } catch (error) {
      throw this.#broken(at, "UTF-8", error);
    }
  }

  #broken(at: number, expected: string, cause?: unknown): ArkError {
    const offset = this.#offset + at;
    return new ArkError(
      "ERR_RECORD",
      `Not a JSON array of documents: ${expected} expected at byte ${offset}.`,
      {
        place: this.#place,
        details: { offset },
        cause,
      },
    );
  }
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}
