/**
 * Packing beside the main thread, which is left with the network: jobs go to workers that are started when there is
 * enough to do, and end when there is nothing to do for a while. Where no worker can be had, as in a process that
 * runs the sources themselves, the jobs are done on the spot.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { PackedPage } from "./pack-page.ts";
import type { Compression } from "./inflate.ts";
import type { LinesSummary } from "./packed-lines.ts";
import { pack, type PackingJob, type PackingResult, plainBytesOf, READY } from "./packing-job.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A job on its way to a worker, and what comes back. */
export interface Asked {
  readonly number: number;
  readonly job: PackingJob;
}
export interface Answered {
  readonly number: number;
  readonly result: PackingResult;
}

/** Smaller jobs cost less than handing them over. */
const WORTH_BYTES = 64 * 1024;
/** A process that packs less than this in all is done before a worker has started. */
const WARM_UP_BYTES = 2 * 1024 * 1024;
const WORKERS_MAX = 4;
/** Jobs that a worker has, one under way and one that waits, before another is started: each costs a tenth of a second. */
const BACKLOG = 2;
/** Workers that nobody has asked for so long end, in milliseconds. */
const IDLE_MS = 3_000;
/** Workers make many short-lived strings and nothing else; more room for them would only be memory. */
const YOUNG_MB = 8;

/** Beside the built module; the sources have none that Node could start. */
const ENTRY = import.meta.url.endsWith(".js")
  ? new URL("./packing-worker.js", import.meta.url)
  : undefined;

/** A worker has ended, and with it the bytes of a job that was handed over. Whoever can get them again may try again. */
export class LostInWorker extends Error {
  override readonly name = "LostInWorker";
}

interface Waiting {
  readonly resolve: (result: PackingResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A worker and the jobs that it has not answered yet. */
class Hand {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;
  #isReady = false;

  /** @param onEnd told that the worker has ended by itself, which it does only when something is wrong. */
  constructor(entry: URL, onEnd: () => void) {
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB };
    // Not what the process preloads, nor what says how its own entry is to be read.
    const own = { env: {}, execArgv: [], stdin: false };
    this.#worker = new Worker(entry, { resourceLimits, ...own });
    this.#worker.on("message", (answer: Answered | typeof READY) => {
      if (answer === READY) this.#isReady = true;
      else this.#settle(answer.number)?.resolve(answer.result);
    });
    const end = (cause?: unknown): void => {
      onEnd();
      const error = new LostInWorker("A worker thread has ended before its work.", { cause });
      for (const number of this.#waiting.keys()) this.#settle(number)?.reject(error);
    };
    this.#worker.on("error", end);
    this.#worker.on("exit", () => end());
    // Last: whoever listens to a worker's messages has the process wait for it.
    this.#worker.unref();
  }

  /** Whether the worker has come up. What is handed over before may be lost with it. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get load(): number {
    return this.#waiting.size;
  }

  run(job: PackingJob): Promise<PackingResult> {
    return new Promise((resolve, reject) => {
      const number = this.#number++;
      const asked: Asked = { number, job };
      this.#worker.postMessage(asked, [job.bytes.buffer]);
      this.#waiting.set(number, { resolve, reject });
      this.#worker.ref();
    });
  }

  async end(): Promise<void> {
    this.#worker.removeAllListeners("exit");
    await this.#worker.terminate();
  }

  #settle(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    // Only jobs keep the process alive.
    if (this.#waiting.size === 0) this.#worker.unref();
    return waiting;
  }
}

class Packing {
  readonly #hands: Hand[] = [];
  readonly #most = Math.min(WORKERS_MAX, availableParallelism());
  #canStart = ENTRY !== undefined && this.#most > 1;
  #bytes = 0;
  #idle: NodeJS.Timeout | undefined;

  run(job: PackingJob): PackingResult | Promise<PackingResult> {
    const bytes = plainBytesOf(job);
    this.#bytes += bytes;
    const isWorth = bytes >= WORTH_BYTES && this.#bytes >= WARM_UP_BYTES;
    const hand = isWorth ? this.#hand() : undefined;
    return hand?.isReady === true ? this.#byHand(hand, job) : pack(job);
  }

  /** Starts all workers where so many bytes are to come that each will have something to do. */
  expect(bytes: number): void {
    if (bytes < WARM_UP_BYTES * this.#most) return;
    this.#bytes = Math.max(this.#bytes, WARM_UP_BYTES);
    while (this.#canStart && this.#hands.length < this.#most) this.#start();
    this.#rest();
  }

  async #byHand(hand: Hand, job: PackingJob): Promise<PackingResult> {
    clearTimeout(this.#idle);
    try {
      // Of a larger buffer, in which others may lie, only this part is given away.
      const bytes = ownsAll(job.bytes) ? job.bytes : new Uint8Array(job.bytes);
      return await hand.run({ ...job, bytes });
    } finally {
      this.#rest();
    }
  }

  /** Ends the workers, unless there is something to do before long. */
  #rest(): void {
    if (this.#hands.some(({ load }) => load > 0)) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
  }

  /** The worker with the least to do; another is started when jobs wait for all of them. */
  #hand(): Hand | undefined {
    this.#rest();
    const ready = this.#hands.filter(({ isReady }) => isReady);
    const [least] = ready.toSorted((a, b) => a.load - b.load);
    const isStarting = ready.length < this.#hands.length;
    const isFull = isStarting || !this.#canStart || this.#hands.length === this.#most;
    if (isFull || (least !== undefined && least.load < BACKLOG)) return least;
    this.#start();
    return least;
  }

  #start(): void {
    try {
      const hand: Hand = new Hand(ENTRY!, () => {
        this.#canStart = false;
        const index = this.#hands.indexOf(hand);
        if (index >= 0) this.#hands.splice(index, 1);
      });
      this.#hands.push(hand);
    } catch {
      // Node's permission model forbids them, or the system has no more threads.
      this.#canStart = false;
    }
  }

  #end(): void {
    for (const hand of this.#hands.splice(0)) void hand.end();
  }
}

/** Whether a view is (nearly) all of a buffer that nobody else looks at. */
function ownsAll({ byteOffset, byteLength, buffer }: Bytes): boolean {
  return byteOffset === 0 && byteLength >= buffer.byteLength / 2;
}

const packing = new Packing();

/** Tells how many bytes of text are going to be packed or summed up, so that the workers are up by then. */
export function expectToPack(bytes: number): void {
  packing.expect(bytes);
}

/**
 * Packs the answer `bytes` as `packPage` does. The bytes are given away: nobody may look at them any more.
 *
 * @returns the bytes when they need thought.
 * @throws LostInWorker when nobody has them any more.
 */
export async function packPageAside(bytes: Bytes, collection: string): Promise<PackedPage | Bytes> {
  const { page, unsure } = await packing.run({ kind: "page", bytes, collection });
  return page ?? unsure!;
}

/**
 * What is known of the lines of a frame, given as it is stored.
 *
 * @param plainBytes what its text has to be long.
 * @returns undefined when it needs thought: it cannot be decompressed, or its text is not plainly canonical lines.
 * @throws LostInWorker when nobody could look at it.
 */
export async function sumFrameAside(
  stored: Uint8Array,
  { compression, plainBytes, collection }: FrameOptions,
): Promise<LinesSummary | undefined> {
  // A copy is handed over: the frame may have to be looked at once more.
  const bytes = new Uint8Array(stored);
  const { summary } = await packing.run({
    kind: "frame",
    bytes,
    collection,
    compression,
    plainBytes,
  });
  return summary;
}

export interface FrameOptions {
  readonly compression: Compression;
  readonly plainBytes: number;
  readonly collection: string;
}
