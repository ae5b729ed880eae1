/**
 * The mark of an unfinished import in its target: two v4 functions with names of our own. One says which import it is
 * and how far it came, the other which run owns the target; databases below have only that one. Schema pushes neither
 * show nor delete v4 functions (facts §1.6), so they stay until the import takes them away as its very last step.
 *
 * Every change of the mark is one transaction that reads it first. Which run owns a target is written only when that
 * changes, in a function of its own: whatever the run writes reads it (see `ownership.ts`), and would have to be done
 * again whenever that changed beside it.
 */
import { ArkError } from "../errors/errors.ts";
import { type Connection, isV4Disabled } from "../fauna/fauna.ts";
import type { Holder } from "../flow/flow.ts";
import {
  isJsonObject,
  type Json,
  JsonNumber,
  parseJson,
  printJson,
  printString,
} from "../values/json.ts";
import { Time } from "../values/time.ts";

export const MARKER = "fauna_ark_import";
export const OWNER = "fauna_ark_import_owner";

/**
 * The way of importing: which steps there are and what the mark says of them. An import that was begun in one way is
 * not finished in another; raised when a change to either would make that wrong.
 */
export const FORMAT = "3";

/** Ways of importing of which this one goes on with what they began. In 2 nothing said which run owns the target. */
export const FORMATS: ReadonlySet<string> = new Set(["2", FORMAT]);

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

/** The run that owns a target. */
export interface Owner extends Holder {
  /** When it took it, ISO 8601. */
  readonly since: string;
}

/** All that is in a database of an unfinished import. */
export interface Mark {
  readonly marker: Marker | undefined;
  /** Undefined where no run has it: an earlier version's, or one that gave it back. */
  readonly owner: Owner | undefined;
  /** Whether the function is there that says which run owns it. */
  readonly isOwned: boolean;
  /** When the mark was last written, and the time of the server: microseconds. */
  readonly noted: bigint;
  readonly now: bigint;
}

const REF = `{"function":${printString(MARKER)}}`;
const OWNER_REF = `{"function":${printString(OWNER)}}`;

const found = (ref: string): string => `{"if":{"exists":${ref}},"then":{"get":${ref}},"else":null}`;
const TOKEN = `{"let":[{"owner":${found(OWNER_REF)}}],"in":{"select":["data","token"],"from":{"var":"owner"},"default":""}}`;
const NOTED = `{"let":[{"mark":${found(REF)}}],"in":{"select":"ts","from":{"var":"mark"},"default":0}}`;

/** A v4 expression: whether the run with this word owns the database. */
export function isOwnedBy(token: string): string {
  return `{"equals":[${TOKEN},${printString(token)}]}`;
}

/** The same as an expression of v10. */
export function isOwnedByInV10(token: string): string {
  return `Function.byName(${printString(OWNER)})?.data?.token == ${printString(token)}`;
}

export async function readMark(target: Connection, signal: AbortSignal): Promise<Mark> {
  const query = `{"object":{"mark":${found(REF)},"owner":${found(OWNER_REF)},"now":{"time":"now"}}}`;
  try {
    const { text } = await target.v4(query, { idempotent: true, signal });
    const answer = member(parseJson(text), "resource");
    const [mark, owner] = [member(answer, "mark"), member(answer, "owner")];
    const now = member(member(answer, "now"), "@ts");
    return {
      marker: markerOf(member(mark, "data")),
      owner: ownerOf(member(owner, "data")),
      isOwned: isJsonObject(owner),
      noted: microsOf(member(mark, "ts")),
      now: typeof now === "string" ? Time.parse(now).toMicros() : 0n,
    };
  } catch (error) {
    if (!isV4Disabled(error)) throw error;
    throw new ArkError("ERR_DATABASE", "FQL v4 is switched off in the target.", {
      place: target.place,
      cause: error,
      hint: "Only v4 can write documents with their ts; switch it on for the import.",
    });
  }
}

/** The mark of an unfinished import; undefined where there is none. */
export async function readMarker(
  target: Connection,
  signal: AbortSignal,
): Promise<Marker | undefined> {
  return (await readMark(target, signal)).marker;
}

function markerOf(data: Json | undefined): Marker | undefined {
  const said = (name: string): string => stringOf(member(data, name)) ?? "";
  const marker = {
    source: said("source"),
    started: said("started"),
    database: said("database"),
    format: said("format"),
    asked: said("asked"),
    progress: said("progress"),
  };
  return marker.source === "" || marker.started === "" ? undefined : marker;
}

function ownerOf(data: Json | undefined): Owner | undefined {
  const said = (name: string): string | undefined => stringOf(member(data, name));
  const token = said("token") ?? "";
  if (token === "") return undefined;
  return {
    token,
    host: said("host") ?? "",
    pid: Number(microsOf(member(data, "pid"))),
    thread: Number(microsOf(member(data, "thread"))),
    birth: said("birth") ?? null,
    among: said("among") ?? null,
    since: said("since") ?? "",
  };
}

/**
 * Marks a database that was found without a mark, if nothing has been written into it since.
 *
 * @param marked undefined for a database below the one that is marked.
 * @param untouched a v4 expression: whether it still holds nothing that would be in the way.
 * @returns false when another run has it, or it is not as it was.
 */
export function begin(
  target: Connection,
  owner: Owner,
  { marked, untouched }: { marked: Omit<Marked, "format"> | undefined; untouched: string },
  signal: AbortSignal,
): Promise<boolean> {
  const data = printJson(new Map(Object.entries({ ...marked, format: FORMAT })));
  const marks = marked === undefined ? [] : [createFunction(MARKER, data)];
  const create = `{"do":[${[...marks, createFunction(OWNER, printOwner(owner))].join(",")},true]}`;
  const isFree = `{"if":{"or":[{"exists":${REF}},{"exists":${OWNER_REF}}]},"then":false,"else":${untouched}}`;
  return change(target, owner, `{"if":${isFree},"then":${create},"else":false}`, signal);
}

/** Takes the mark over from the run that it was found with. @returns false when it is not as it was found. */
export function takeOver(
  target: Connection,
  owner: Owner,
  { owner: before, noted }: Pick<Mark, "owner" | "noted">,
  signal: AbortSignal,
): Promise<boolean> {
  // A version that knows of no owners is not to go on with it.
  const data = `{"object":{"format":${printString(FORMAT)}}}`;
  const update = `{"update":${REF},"params":{"object":{"data":${data}}}}`;
  const take = `{"do":[${update},${putOwner(owner)},true]}`;
  const isSame = `{"if":${isOwnedBy(before?.token ?? "")},"then":{"equals":[${NOTED},${noted}]},"else":false}`;
  return change(target, owner, `{"if":${isSame},"then":${take},"else":false}`, signal);
}

/** Takes a database below from the run that it was found with. @returns false when it is not as it was found. */
export function takeOverBelow(
  target: Connection,
  owner: Owner,
  { owner: before }: Pick<Mark, "owner">,
  signal: AbortSignal,
): Promise<boolean> {
  const take = `{"do":[${putOwner(owner)},true]}`;
  const query = `{"if":${isOwnedBy(before?.token ?? "")},"then":${take},"else":false}`;
  return change(target, owner, query, signal);
}

/** Says that no run has it any more, if this one does; the mark stays, for whoever goes on. */
export async function giveBack(
  target: Connection,
  { token }: Pick<Owner, "token">,
  signal: AbortSignal,
): Promise<void> {
  const update = `{"update":${OWNER_REF},"params":{"object":{"data":{"object":{"token":""}}}}}`;
  const query = `{"if":${isOwnedBy(token)},"then":{"do":[${update},true]},"else":false}`;
  await target.v4(query, { idempotent: true, signal });
}

/**
 * Writes into the mark how far the import is, or that it goes on.
 *
 * @param target behind the fence of the run that owns it.
 * @throws ArkError ERR_BUSY when the mark is gone: somebody removed it.
 */
export async function updateMarker(
  target: Connection,
  progress: string,
  signal: AbortSignal,
): Promise<void> {
  // An update that changes nothing would not be seen.
  const data = `{"object":{"progress":${printString(progress)},"noted":{"time":"now"}}}`;
  const update = `{"do":[{"update":${REF},"params":{"object":{"data":${data}}}},true]}`;
  const query = `{"if":{"exists":${REF}},"then":${update},"else":false}`;
  if (await isTrue(target, query, { idempotent: true, signal })) return;
  throw new ArkError("ERR_BUSY", "The mark of this import is gone from the target.", {
    place: target.place,
    hint: "Another run of the same import has finished it, or somebody removed the mark. See whether all is there: fauna-ark verify ARCHIVE --against.",
  });
}

/**
 * Takes away the mark of a run that owns it.
 *
 * @param isRepeated whether it was tried before, without an answer that tells what came of it.
 * @returns false when the run does not own it.
 */
export function removeMark(
  target: Connection,
  { token }: Pick<Owner, "token">,
  { isRepeated }: { readonly isRepeated: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  const remove = `{"do":[{"if":{"exists":${REF}},"then":{"delete":${REF}},"else":null},{"delete":${OWNER_REF}},true]}`;
  // What is gone has been taken away by the request of which nothing was heard.
  const otherwise = isRepeated
    ? `{"if":{"exists":${OWNER_REF}},"then":false,"else":true}`
    : "false";
  const query = `{"if":${isOwnedBy(token)},"then":${remove},"else":${otherwise}}`;
  return isTrue(target, query, { idempotent: isRepeated, signal });
}

/** @param query what changes the mark to this owner's, and says whether it did; repeated, it finds that it has. */
function change(
  target: Connection,
  { token }: Owner,
  query: string,
  signal: AbortSignal,
): Promise<boolean> {
  const whole = `{"if":${isOwnedBy(token)},"then":true,"else":${query}}`;
  return isTrue(target, whole, { idempotent: true, signal });
}

async function isTrue(
  target: Connection,
  query: string,
  call: { readonly idempotent: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  const { text } = await target.v4(query, call);
  return member(parseJson(text), "resource") === true;
}

function createFunction(name: string, data: string): string {
  return `{"create_function":{"object":{"name":${printString(name)},"body":{"query":{"lambda":"_","expr":null}},"data":{"quote":${data}}}}}`;
}

function putOwner(owner: Owner): string {
  const data = printOwner(owner);
  const update = `{"update":${OWNER_REF},"params":{"object":{"data":{"quote":${data}}}}}`;
  return `{"if":{"exists":${OWNER_REF}},"then":${update},"else":${createFunction(OWNER, data)}}`;
}

function printOwner({ token, host, pid, thread, birth, among, since }: Owner): string {
  return printJson(
    new Map<string, Json>([
      ["token", token],
      ["host", host],
      ["pid", new JsonNumber(String(pid))],
      ["thread", new JsonNumber(String(thread))],
      ["birth", birth],
      ["among", among],
      ["since", since],
    ]),
  );
}

function member(json: Json | undefined, name: string): Json | undefined {
  return isJsonObject(json) ? json.get(name) : undefined;
}

function stringOf(json: Json | undefined): string | undefined {
  return typeof json === "string" ? json : undefined;
}

function microsOf(json: Json | undefined): bigint {
  const digits = json instanceof JsonNumber ? json.text : "";
  return /^\d+$/.test(digits) ? BigInt(digits) : 0n;
}
