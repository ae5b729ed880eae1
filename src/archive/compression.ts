import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { ArkError } from "../errors/errors.ts";
import type { Manifest } from "./manifest.ts";

export type Compression = Manifest["compression"];

/** How frames are stored. Calls run in zlib's thread pool, not on the main thread. */
export interface Codec {
  /** What a segment's name ends in after `.ndjson`. */
  readonly extension: string;
  compress(plain: Uint8Array): Promise<Uint8Array>;
  /** Throws when `stored` is not one whole frame, or is of more than `plainBytesMax` bytes. */
  decompress(stored: Uint8Array, plainBytesMax: number): Promise<Uint8Array>;
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
const gunzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip);

const GZIP: Codec = {
  extension: EXTENSION.gzip,
  compress: (plain) => gzip(plain, { level: GZIP_LEVEL }),
  decompress: (stored, plainBytesMax) => gunzip(stored, { maxOutputLength: plainBytesMax }),
};

const NONE: Codec = {
  extension: EXTENSION.none,
  compress: async (plain) => plain,
  decompress: async (stored) => stored,
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
  const decompress = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(module.zstdDecompress);
  return {
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
