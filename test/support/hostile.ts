/** Archives that somebody has damaged or means harm with, and what is asked of everything that reads one. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { ArkError, isArkError } from "../../src/errors/errors.ts";
import { connect } from "../../src/fauna/fauna.ts";
import { importArchive } from "../../src/import/import.ts";
import { MemoryStore, type Store } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { identity } from "./age.ts";
import { fill } from "./archives.ts";
import { FailingTransport } from "./failing-transport.ts";

export type Files = ReadonlyMap<string, Uint8Array>;

interface Finding {
  readonly code: string;
  readonly file: string;
  readonly offset: number;
}

/** What stops a reader in place of findings: there is no archive, or none that this release knows. */
const STOPS = ["ERR_ARCHIVE_INCOMPLETE", "ERR_ARCHIVE_VERSION", "ERR_ARCHIVE_LOCKED"] as const;

/**
 * Makes sure that `verify` and `import` both find the archive damaged, name a file and an offset for everything they
 * find, and that the import has sent its target nothing by then.
 *
 * @returns the files that both name; that which stops them is the manifest's.
 */
export async function findings(damaged: Files | Store): Promise<string[]> {
  const archive = "read" in damaged ? damaged : await fill(new MemoryStore(), damaged);
  const verified = await verifyArchive({ archive, unlock: identity }).then(
    ({ equal, problems }) => {
      expect(equal, "verify calls it whole").toBe(false);
      return problems;
    },
    problemsIn,
  );
  const transport = new FailingTransport(NOWHERE);
  const target = connect({ endpoint: "http://127.0.0.1:1", secret: "s", transport });
  const imported = await importArchive({ source: archive, target, unlock: identity }).then(
    () => expect.fail("import takes it"),
    problemsIn,
  );
  expect(transport.requests, "requests to the target").toBe(0);
  const files = [verified, imported].map((problems) => {
    for (const { file, offset, code } of problems) {
      expect(code).toMatch(/^ERR_/);
      expect(file).not.toBe("");
      expect(offset).toBeGreaterThanOrEqual(0);
    }
    return [...new Set(problems.map(({ file }) => file))].toSorted();
  });
  expect(files[1]).toEqual(files[0]);
  return files[0]!;
}

const NOWHERE = {
  send: () => Promise.reject(new ArkError("ERR_ENDPOINT", "nobody is to be asked")),
  close: () => Promise.resolve(),
};

/** What an error says of an archive; any other error is one of the reader. */
function problemsIn(error: unknown): readonly Finding[] {
  if (!(error instanceof ArkError)) throw error;
  const { problems, file, offset } = error.details ?? {};
  if (Array.isArray(problems)) return problems as Finding[];
  if (typeof file === "string" && typeof offset === "number")
    return [{ code: error.code, file, offset }];
  const { code, place = "" } = error;
  expect(place).not.toBe("");
  if (isArkError(error, ...STOPS)) return [{ code, file: "manifest.json", offset: 0 }];
  if (isArkError(error, "ERR_FILE_ACCESS", "ERR_ARCHIVE_UNSAFE"))
    return [{ code, file: /[^/]+$/.exec(place)![0], offset: 0 }];
  throw error;
}

/** Changes the manifest and gives it a digest that fits, as a forger would. */
export function forged(files: Files, manifest: unknown): Map<string, Uint8Array> {
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  const digest = createHash("sha256").update(text).digest("hex");
  return new Map([
    ...files,
    ["manifest.json", Buffer.from(text)],
    ["manifest.json.sha256", Buffer.from(`${digest}  manifest.json\n`)],
  ]);
}

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export interface Lie {
  /** What is changed, and how. */
  readonly name: string;
  /** The place, without indexes: `databases.collections.name`. */
  readonly place: string;
  readonly manifest: Json;
}

/** Every manifest in which one thing is not as it was: a value changed, an element or member gone, doubled or added. */
export function* lies(json: Json, path: readonly (string | number)[] = []): Generator<Lie> {
  const place = path.filter((part) => typeof part === "string").join(".");
  const name = path.join(".");
  for (const [how, value] of lied(json)) yield { name: `${name} ${how}`, place, manifest: value };
  if (json === null || typeof json !== "object") return;
  const entries: [string | number, Json][] = Array.isArray(json)
    ? json.map((each: Json, i) => [i, each])
    : Object.entries(json);
  for (const [key, value] of entries) {
    for (const lie of lies(value, [...path, key])) {
      const manifest = Array.isArray(json)
        ? json.with(Number(key), lie.manifest)
        : { ...(json as object), [key]: lie.manifest };
      yield { ...lie, manifest };
    }
  }
}

function* lied(json: Json): Generator<[string, Json]> {
  if (typeof json === "number") {
    yield ["is one more", json + 1];
    if (json > 0) yield ["is one less", json - 1];
    yield ["is beyond what counts", 2 ** 53];
    yield ["is negative", -1];
    yield ["is a text", String(json)];
  } else if (typeof json === "string") {
    yield ["ends otherwise", json.slice(0, -1) + (json.endsWith("1") ? "2" : "1")];
    yield ["is empty", ""];
    yield ["is a number", 7];
    yield ["is gone to null", null];
    yield ["climbs out", `../${json}`];
  } else if (typeof json === "boolean") yield ["is the contrary", !json];
  else if (json === null) yield ["is something", "1"];
  else if (Array.isArray(json)) {
    for (const i of json.keys()) {
      yield [`lacks ${i}`, json.toSpliced(i, 1)];
      yield [`has ${i} twice`, json.toSpliced(i, 0, json[i] as Json)];
    }
    if (json.length > 1) yield ["is turned around", json.toReversed()];
  } else {
    for (const key of Object.keys(json)) {
      const { [key]: _, ...rest } = json as Record<string, Json>;
      yield [`lacks ${key}`, rest];
    }
    yield ["has a member more", { ...(json as object), surprise: 1 }];
  }
}
