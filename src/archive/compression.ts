import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { ArkError } from "../errors/errors.ts";
import type { Manifest } from "./manifest.ts";

export type Compression = Manifest["compression"];

/** How frames are stored. Calls run in zlib's thread pool, not on the main thread. */
export interface Codec {
  readonly compression: Compression;
  /** What a segment's name ends in after `.ndjson`. */
  readonly extension: string;
  compress(plain: Uint8Array): Promise<Uint8Array>;
  /**
   * The text, in a buffer of its own. Throws when `stored` is not one whole frame, or is of more than `plainBytesMax`
   * bytes.
   */
  decompress(stored: Uint8Array, plainBytesMax: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** What the names of segments end in after `.ndjson`. */
export const EXTENSION: Readonly<Record<Compression, string>> = {
  none: "",
  gzip: ".gz",
  zstd: ".zst",
};

/** zlib's default, 6, takes more than twice the time for a tenth less of space on such text. */
const GZIP_LEVEL = 3;

const gzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip);
const gunzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer<ArrayBuffer>>(zlib.gunzip);

/** What comes out is collected in pieces of this size; each is a trip to the main thread and back. */
const PIECE_BYTES = 256 * 1024;

const GZIP: Codec = {
  compression: "gzip",
  extension: EXTENSION.gzip,
  compress: (plain) => gzip(plain, { level: GZIP_LEVEL, chunkSize: pieceFor(plain.length) }),
  decompress: (stored, plainBytesMax) =>
    gunzip(stored, { maxOutputLength: plainBytesMax, chunkSize: wholeFor(plainBytesMax) }),
};

/** A piece that takes what so many bytes become when they are compressed well. */
function pieceFor(plainBytes: number): number {
  return Math.max(1024, Math.min(PIECE_BYTES, plainBytes));
}

/** A piece that takes all, if what is expected is what comes; of absurd sizes no more than is usual. */
function wholeFor(plainBytes: number): number {
  return Math.max(1024, Math.min(plainBytes + 64, 4 * 1024 * 1024));
}

const NONE: Codec = {
  compression: "none",
  extension: EXTENSION.none,
  compress: async (plain) => plain,
  decompress: async (stored) => new Uint8Array(stored),
};

/** The part of zlib that Node has from 22.15 on. */
interface Zstd {
  zstdCompress: typeof zlib.gzip;
  zstdDecompress: typeof zlib.gunzip;
}

function hasZstd(module: object): module is Zstd {
  return "zstdCompress" in module && "zstdDecompress" in module && "createZstdCompress" in module;
}

function zstd(): Codec {
  const module: object = zlib;
  if (!hasZstd(module)) {
    throw new ArkError("ERR_USAGE", `Node ${process.versions.node} has no zstd`, {
      hint: "Use Node 22.15 or newer; when exporting, gzip works everywhere.",
    });
  }
  const compress = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(module.zstdCompress);
  const decompress = promisify<Uint8Array, zlib.ZlibOptions, Buffer<ArrayBuffer>>(
    module.zstdDecompress,
  );
  return {
    compression: "zstd",
    extension: EXTENSION.zstd,
    compress: (plain) => compress(plain, {}),
    decompress: (stored, maxOutputLength) => decompress(stored, { maxOutputLength }),
  };
}

/** @throws ArkError ERR_USAGE for zstd where this Node has none. */
export function codecFor(compression: Compression): Codec {
  if (compression === "zstd") return zstd();
  return compression === "gzip" ? GZIP : NONE;
}
