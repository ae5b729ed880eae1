/**
 * The mark of an unfinished import in its target: a v4 function with a name of our own, whose `data` says which
 * import it is and how far it came. Schema pushes neither show nor delete v4 functions (facts §1.6), so it stays
 * until the import takes it away as its very last step.
 */
import { ArkError } from "../errors/errors.ts";
import { type Connection, isV4Disabled } from "../fauna/fauna.ts";
import { isJsonObject, type Json, parseJson, printJson, printString } from "../values/json.ts";

export const MARKER = "fauna_ark_import";

/**
 * The way of importing: which steps there are and what the mark says of them. An import that was begun in one way is
 * not finished in another; raised when a change to either would make that wrong.
 */
export const FORMAT = "2";

/** Which import a mark stands for. */
export interface Marked {
  /** The identity of the source. */
  readonly source: string;
  readonly started: string;
  /** The global id of the database that was marked; "" in marks that do not say. */
  readonly database: string;
  /** The way of importing that made it, see `FORMAT`; "" in marks that do not say. */
  readonly format: string;
  /** What of the source was asked for, as `printAsked` has it. */
  readonly asked: string;
}

export interface Marker extends Marked {
  /** How far the import came, as `progress.ts` has it; "" when it did not say. */
  readonly progress: string;
}

const REF = `{"function":${printString(MARKER)}}`;

export async function readMarker(
  target: Connection,
  signal: AbortSignal,
): Promise<Marker | undefined> {
  const query = `{"if":{"exists":${REF}},"then":{"select":"data","from":{"get":${REF}},"default":null},"else":null}`;
  try {
    const { text } = await target.v4(query, { idempotent: true, signal });
    const data = member(parseJson(text), "resource");
    const said = (name: string): string => {
      const value = member(data, name);
      return typeof value === "string" ? value : "";
    };
    const marker = {
      source: said("source"),
      started: said("started"),
      database: said("database"),
      format: said("format"),
      asked: said("asked"),
      progress: said("progress"),
    };
    return marker.source === "" || marker.started === "" ? undefined : marker;
  } catch (error) {
    if (!isV4Disabled(error)) throw error;
    throw new ArkError("ERR_DATABASE", "FQL v4 is switched off in the target.", {
      place: target.place,
      cause: error,
      hint: "Only v4 can write documents with their ts; switch it on for the import.",
    });
  }
}

/**
 * Marks the target, or finds the mark that an earlier attempt of the same import has left.
 *
 * @throws ArkError ERR_TARGET_NOT_EMPTY when an import of another source has marked it meanwhile.
 */
export async function setMarker(
  target: Connection,
  marked: Omit<Marked, "format">,
  signal: AbortSignal,
): Promise<void> {
  const data = printJson(new Map(Object.entries({ ...marked, format: FORMAT })));
  const create = `{"create_function":{"object":{"name":${printString(MARKER)},"body":{"query":{"lambda":"_","expr":null}},"data":{"quote":${data}}}}}`;
  const mark = `{"if":{"exists":${REF}},"then":{"get":${REF}},"else":${create}}`;
  const query = `{"select":["data","source"],"from":${mark},"default":null}`;
  const { text } = await target.v4(query, { idempotent: true, signal });
  if (member(parseJson(text), "resource") === marked.source) return;
  throw new ArkError("ERR_TARGET_NOT_EMPTY", "Another import has begun in the target meanwhile.", {
    place: target.place,
    hint: "Nothing was written by this one. Wait for the other, or use another database.",
  });
}

/**
 * Writes into the mark how far the import is.
 *
 * @throws ArkError ERR_BUSY when the mark is gone: another run of the import has finished it, or somebody removed it.
 */
export async function updateMarker(
  target: Connection,
  progress: string,
  signal: AbortSignal,
): Promise<void> {
  const data = `{"object":{"progress":${printString(progress)}}}`;
  const update = `{"do":[{"update":${REF},"params":{"object":{"data":${data}}}},true]}`;
  const query = `{"if":{"exists":${REF}},"then":${update},"else":false}`;
  const { text } = await target.v4(query, { idempotent: true, signal });
  if (member(parseJson(text), "resource") !== false) return;
  throw new ArkError("ERR_BUSY", "The mark of this import is gone from the target.", {
    place: target.place,
    hint: "Another run of the same import has finished it, or somebody removed the mark. See whether all is there: fauna-ark verify ARCHIVE --against.",
  });
}

export async function removeMarker(target: Connection, signal: AbortSignal): Promise<void> {
  const query = `{"if":{"exists":${REF}},"then":{"delete":${REF}},"else":null}`;
  await target.v4(query, { idempotent: true, signal });
}

function member(json: Json | undefined, name: string): Json | undefined {
  return isJsonObject(json) ? json.get(name) : undefined;
}
