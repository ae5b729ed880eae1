/**
 * The mark of an unfinished import in its target: a v4 function with a name of our own, whose `data` says which
 * source it was. Schema pushes neither show nor delete v4 functions (facts §1.6), so it stays until the import
 * takes it away as its very last step.
 */
import { ArkError } from "../errors/errors.ts";
import { type Connection, isV4Disabled } from "../fauna/fauna.ts";
import { isJsonObject, type Json, parseJson, printString } from "../values/json.ts";

export const MARKER = "fauna_ark_import";

export interface Marker {
  /** The identity of the source. */
  readonly source: string;
  readonly started: string;
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
    const source = member(data, "source");
    const started = member(data, "started");
    return typeof source === "string" && typeof started === "string"
      ? { source, started }
      : undefined;
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
  marker: Marker,
  signal: AbortSignal,
): Promise<void> {
  const data = `{"source":${printString(marker.source)},"started":${printString(marker.started)}}`;
  const create = `{"create_function":{"object":{"name":${printString(MARKER)},"body":{"query":{"lambda":"_","expr":null}},"data":{"quote":${data}}}}}`;
  const mark = `{"if":{"exists":${REF}},"then":{"get":${REF}},"else":${create}}`;
  const query = `{"select":["data","source"],"from":${mark},"default":null}`;
  const { text } = await target.v4(query, { idempotent: true, signal });
  if (member(parseJson(text), "resource") === marker.source) return;
  throw new ArkError("ERR_TARGET_NOT_EMPTY", "Another import has begun in the target meanwhile.", {
    place: target.place,
    hint: "Nothing was written by this one. Wait for the other, or use another database.",
  });
}

export async function removeMarker(target: Connection, signal: AbortSignal): Promise<void> {
  const query = `{"if":{"exists":${REF}},"then":{"delete":${REF}},"else":null}`;
  await target.v4(query, { idempotent: true, signal });
}

function member(json: Json | undefined, name: string): Json | undefined {
  return isJsonObject(json) ? json.get(name) : undefined;
}
