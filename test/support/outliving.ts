/**
 * Databases whose history window passes while they are exported: the emulator's clock goes on with every page that is
 * read. And what an archive holds, compared with what a database held at its moment, both read with nothing of `src/`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { Connection } from "../../src/fauna/fauna.ts";
import type { Store } from "../../src/store/store.ts";
import { Num, Obj, parse, stringify } from "../conformance/corpus/lib/json.mjs";
import { contents } from "./archives.ts";
import { Bench } from "./bench.ts";
import { documentsAt } from "./independent-reader.ts";

export const MINUTE_US = 60_000_000n;
export const HOUR_US = 60n * MINUTE_US;

/** A request as the emulator gets it. */
export interface Arriving {
  readonly path: string;
  readonly body: string;
}

/** Whether a request asks for a page of a collection's documents, and not only whether there is one. */
export function isPage({ path, body }: Arriving): boolean {
  const isOne = /"size":1[,}]/.test(body);
  return path === "/" && body.includes('"documents"') && body.includes('"get"') && !isOne;
}

/** Whether a request lists a collection's ids. */
export function isListing({ path, body }: Arriving): boolean {
  return path === "/" && body.includes('"documents"') && !body.includes('"get"');
}

/** Whether a request asks for documents by their ids. */
export function isById({ path, body }: Arriving): boolean {
  return path === "/" && body.includes('{"object":{"data":{"map"');
}

/**
 * A feed that was not read in so many turns, of a millisecond or more, is read no more: those that are followed are read
 * every few milliseconds by the same process, which has as many turns as we have, however busy the machine is.
 */
const GONE_TURNS = 2_000;

export class OutlivingBench implements AsyncDisposable {
  /** What happens when a request arrives, before it is looked at. */
  onRequest: (request: Arriving) => Promise<void> | void = () => {};
  /** How long a page of documents takes, once everybody who follows a feed has read it. */
  pageTakes = 0n;
  /** How much time has passed so. */
  passed = 0n;
  readonly bench: Bench;
  readonly #feeds = new Set<string>();
  readonly #read = new Set<string>();

  private constructor(bench: Bench) {
    this.bench = bench;
  }

  static async start(): Promise<OutlivingBench> {
    let self: OutlivingBench | undefined;
    const bench = await Bench.start({
      clock: () => BigInt(Date.now()) * 1000n + (self?.passed ?? 0n),
      faults: async ({ path, body }) => {
        if (self !== undefined) await self.#arrives({ path, body });
        return undefined;
      },
    });
    self = new OutlivingBench(bench);
    return self;
  }

  /** Lets time pass. */
  pass(us: bigint): void {
    this.passed += us;
  }

  /** Waits until every feed that is followed has been read once more. */
  async feedsRead(): Promise<void> {
    this.#read.clear();
    await this.#untilRead();
  }

  /** Waits for all feeds; one that nobody reads any more, as its collection is gone, is not waited for again. */
  async #untilRead(): Promise<void> {
    for (let turn = 0; this.#read.size < this.#feeds.size && turn < GONE_TURNS; turn++)
      await sleep(1);
    for (const token of this.#feeds) if (!this.#read.has(token)) this.#feeds.delete(token);
  }

  /** No feed is waited for any more. */
  forget(): void {
    this.#feeds.clear();
    this.#read.clear();
    this.pageTakes = 0n;
    this.onRequest = () => {};
  }

  async #arrives(request: Arriving): Promise<void> {
    if (request.path === "/feed/1") {
      const { token } = JSON.parse(request.body) as { token: string };
      this.#feeds.add(token);
      this.#read.add(token);
    }
    await this.onRequest(request);
    if (this.pageTakes === 0n || !isPage(request)) return;
    await this.#untilRead();
    this.#read.clear();
    this.passed += this.pageTakes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}

/** Documents by `collection/id`: ts, ttl and data. */
type Documents = ReadonlyMap<string, string>;

/** The documents of a database's collections at a time, as raw HTTP shows them. */
export async function documentsOf(
  bench: Bench,
  database: Connection,
  collections: readonly string[],
  ts: string,
): Promise<Documents> {
  const found = new Map<string, string>();
  for (const name of collections) {
    const documents = await documentsAt(bench.endpoint, bench.secretOf(database), name, ts);
    for (const [id, document] of documents) found.set(`${name}/${id}`, line(document));
  }
  return found;
}

interface ManifestLike {
  readonly snapshot: { readonly ts: string };
  readonly databases: readonly {
    readonly path: readonly string[];
    readonly collections: readonly {
      readonly name: string;
      readonly documents: number;
      readonly segments: readonly { readonly file: string }[];
    }[];
  }[];
}

/** The documents that an archive holds of one database; it may be gzipped. */
export async function documentsIn(
  store: Store,
  path: readonly string[] = [],
): Promise<{ readonly ts: string; readonly collections: string[]; readonly documents: Documents }> {
  const files = await contents(store);
  const manifest = JSON.parse(files.get("manifest.json")!.toString()) as ManifestLike;
  const database = manifest.databases.find((each) => each.path.join("/") === path.join("/"))!;
  const documents = new Map<string, string>();
  for (const { name, segments, documents: count } of database.collections) {
    let lines = 0;
    for (const { file } of segments) {
      const stored = files.get(file)!;
      const text = file.endsWith(".gz") ? gunzipSync(stored) : stored;
      for (const each of text.toString("utf8").split("\n").slice(0, -1)) {
        const record = parse(each) as Obj;
        documents.set(`${name}/${record.get("id") as string}`, line(record));
        lines++;
      }
    }
    if (lines !== count) throw new Error(`${name}: ${lines} lines of ${count}`);
  }
  const collections = database.collections.map(({ name }) => name);
  return { ts: manifest.snapshot.ts, collections, documents };
}

/** A document of v4 and a record look alike, but for the doubles that JSON cannot write. */
function line(document: Obj): string {
  const ts = document.get("ts");
  if (!(ts instanceof Num)) throw new Error("a document without ts");
  return stringify([ts, document.get("ttl") ?? null, document.get("data") ?? new Obj([])]);
}
