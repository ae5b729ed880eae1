import { availableParallelism } from "node:os";
import type { Compression, Encryption } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import {
  bytesToHold,
  type Connection,
  PAGE_SIZES,
  PageFlow,
  type PageFlowStep,
} from "../fauna/fauna.ts";
import type { OnProgress } from "../flow/flow.ts";
import { refuseBareHistory } from "./history.ts";
import { openStore, type Store } from "../store/store.ts";
import { Time } from "../values/time.ts";
import {
  type CatchUpOptions,
  type ResolvedCatchUp,
  refuseWithCatchUp,
  resolveCatchUp,
} from "./catch-up-options.ts";
import { type Choice, type ChoiceOptions, resolveChoice } from "./choice.ts";

export interface ExportOptions extends ChoiceOptions {
  /** The database to export, opened with an admin secret. */
  readonly source: Connection;
  /** Where the archive goes: a store, or a path that is empty or does not exist yet. */
  readonly target: Store | string;
  /** Also the databases below, all of them at the same moment. */
  readonly recursive?: boolean | undefined;
  /** Also every version and deletion inside the history window; only FQL v4 tells them. */
  readonly history?: boolean | undefined;
  /**
   * Read each id range at a moment of its own and bring all to one moment by the event feeds, so that the export may take
   * longer than the history window (docs/CATCH_UP.md).
   */
  readonly catchUp?: boolean | CatchUpOptions | undefined;
  /** Not as it is now but as it was at this moment, in microseconds since 1970; see `parseMoment`. */
  readonly at?: bigint | undefined;
  /**
   * Raise `history_days` of collections that have less to so many days while the export runs, so that its moment stays
   * readable; they are put back when it ends, or by {@link restoreHistory} when it was killed. Not of protected
   * databases, nor while a schema is staged.
   */
  readonly extendHistory?: number | undefined;
  /** Also credentials, keys and tokens with their hashes; only into an archive that is encrypted. */
  readonly secrets?: boolean | undefined;
  /** Secrets may be written where everybody who has the archive can read them. */
  readonly plaintextSecrets?: boolean | undefined;
  /** How segments are stored; gzip by default. zstd needs a Node that has it (22.15 or newer). */
  readonly compression?: Compression | undefined;
  /**
   * Goes on with the export that was interrupted in the same place, at its moment, with the same source, options and
   * version. Begins one where nothing was begun.
   */
  readonly resume?: boolean | undefined;
  /** Whom the archive is sealed for; without it, everybody can read it. */
  readonly encryption?: Encryption | undefined;
  /** Documents asked for in one request, at most. Without it what is best is found by trying, up to 4,000. */
  readonly pageSize?: number | undefined;
  /**
   * Id ranges read at once; each keeps up to two requests under way. Without it twice the processors, at least 8, of
   * which so many are at work as turns out best.
   */
  readonly window?: number | undefined;
  /** Documents in an id range. By default at least a page, and the more the larger the database turns out to be. */
  readonly rangeDocuments?: number | undefined;
  /** Plain bytes of a segment, at most; 64 MiB by default. */
  readonly segmentBytes?: number | undefined;
  /** Bytes of memory that the process may take; 256 MiB by default. Pages are as large, and as many at once, as that allows. */
  readonly maxMemory?: number | undefined;
  /** Told of the page sizes and numbers of pages at once that are tried, and what comes of them. */
  readonly onTuned?: ((step: PageFlowStep) => void) | undefined;
  /** How long one query may take on the server, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Put into the manifest as the tool that wrote it. */
  readonly tool?: { readonly name: string; readonly version: string } | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Told, in a sentence for people, what was done to the database beside reading it. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** The wall clock. */
  readonly now?: (() => Date) | undefined;
}

/** Complete options; nothing in here is optional any more. */
export interface ResolvedExport {
  readonly source: Connection;
  readonly store: Store;
  readonly choice: Choice;
  readonly recursive: boolean;
  readonly history: boolean;
  readonly catchUp: ResolvedCatchUp | undefined;
  /** The moment, when it is one of the past. */
  readonly at: bigint | undefined;
  readonly extendHistory: number | undefined;
  readonly secrets: boolean;
  readonly resume: boolean;
  readonly compression: Compression;
  readonly encryption: Encryption | undefined;
  readonly pageSize: number;
  readonly window: number;
  /** What all that is read has in common. */
  readonly flow: PageFlow;
  /** Undefined: by how many there are. */
  readonly rangeDocuments: number | undefined;
  readonly segmentBytes: number;
  readonly timeoutMs: number | undefined;
  readonly tool: { readonly name: string; readonly version: string };
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly onNotice: (text: string) => void;
  readonly now: () => Date;
  /** What the manifest says was asked for. */
  readonly asked: Readonly<Record<string, string | number | boolean | string[]>>;
}

/** @throws ArkError ERR_USAGE when options contradict one another or are out of range. */
export function resolveExport(options: ExportOptions): ResolvedExport {
  const { collections = [], exclude = [], schemaOnly = false, dataOnly = false } = options;
  const { recursive = false, secrets = false, history = false } = options;
  const { resume = false } = options;
  refuseBareSecrets(options);
  refuseExtending(options);
  refuseBareHistory(options);
  const catchUp = resolveCatchUp(options.catchUp);
  if (catchUp !== undefined) refuseWithCatchUp({ history, at: options.at !== undefined, resume });
  const compression = options.compression ?? "gzip";
  const resolved = {
    pageSize: options.pageSize ?? PAGE_SIZES.max,
    window: options.window ?? Math.max(8, availableParallelism() * 2),
    rangeDocuments: options.rangeDocuments,
    segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
  };
  for (const [name, value] of Object.entries(resolved)) {
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ArkError("ERR_USAGE", `${name} has to be a whole number from 1.`, { place: name });
    }
  }
  const flow = new PageFlow({
    pageSize: options.pageSize,
    underWay: { max: 2 * resolved.window, found: options.window === undefined },
    bytes: bytesToHold(options.maxMemory),
    onStep: options.onTuned,
  });
  return {
    ...resolved,
    flow,
    source: options.source,
    store: typeof options.target === "string" ? openStore(options.target) : options.target,
    choice: resolveChoice(options),
    recursive,
    history,
    catchUp,
    at: options.at,
    extendHistory: options.extendHistory,
    secrets,
    resume,
    compression,
    encryption: options.encryption,
    timeoutMs: options.timeoutMs,
    tool: options.tool ?? { name: "fauna-ark", version: "unreleased" },
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => {}),
    onNotice: options.onNotice ?? (() => {}),
    now: options.now ?? (() => new Date()),
    asked: {
      ...(collections.length > 0 ? { collection: [...collections] } : {}),
      ...(exclude.length > 0 ? { exclude: [...exclude] } : {}),
      ...(schemaOnly ? { "schema-only": true } : {}),
      ...(dataOnly ? { "data-only": true } : {}),
      ...(recursive ? { recursive: true } : {}),
      ...(history ? { history: true } : {}),
      ...(catchUp === undefined ? {} : { "catch-up": true }),
      ...(options.at === undefined ? {} : { at: Time.fromMicros(options.at).toString() }),
      ...(options.extendHistory === undefined ? {} : { "extend-history": true }),
      ...(secrets ? { secrets: true } : {}),
      compress: compression,
    },
  };
}

/** @throws ArkError ERR_USAGE for days out of range, or with what needs the window closed or open already. */
function refuseExtending({ extendHistory: days, resume, catchUp }: ExportOptions): void {
  if (days === undefined) return;
  if (!Number.isSafeInteger(days) || days < 1 || days > 36_500) {
    throw new ArkError("ERR_USAGE", "extendHistory has to be a whole number of days, 1 to 36500.", {
      place: "--history-days",
    });
  }
  const other =
    resume === true ? "--resume" : catchUp !== undefined && catchUp !== false ? "--catch-up" : "";
  if (other === "") return;
  throw new ArkError(
    "ERR_USAGE",
    other === "--resume"
      ? "What was raised is put back when an export ends, so that its moment cannot be gone on with."
      : "An export that catches up needs no longer history.",
    { place: "--extend-history", hint: `Leave out --extend-history or ${other}.` },
  );
}

function refuseBareSecrets({ secrets, plaintextSecrets, encryption }: ExportOptions): void {
  if (secrets !== true || encryption !== undefined || plaintextSecrets === true) return;
  throw new ArkError(
    "ERR_USAGE",
    "Secrets go into an encrypted archive only: whoever has their hashes can try passwords, and let keys in elsewhere.",
    {
      place: "--secrets",
      hint: "Encrypt the archive (--encrypt-to), or insist with --plaintext-secrets.",
    },
  );
}
