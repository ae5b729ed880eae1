/** The FSL files of a database, over `/schema/1` (facts §1.6). */
import { ArkError, isArkError } from "../errors/errors.ts";
import { isJsonObject, type JsonObject } from "../values/json.ts";
import { integerOf, parseObject, requireJson, stringOf } from "./answer.ts";
import type { Ask, CallOptions, Connection } from "./connection.ts";
import { faunaCode, schemaRefusal } from "./refusal.ts";

export interface SchemaFile {
  readonly filename: string;
  readonly content: string;
}

export interface SchemaFiles {
  /** When the schema was last changed: microseconds. */
  readonly version: bigint;
  readonly files: readonly SchemaFile[];
}

export type StagedStatus = "none" | "pending" | "ready" | "failed";

export interface PushOptions extends Pick<CallOptions, "signal" | "timeoutMs"> {
  /**
   * Whether the push replaces the whole schema: with `true`, what the files do not mention is deleted (live 28).
   * Always said, because the server's default deletes.
   */
  readonly override: boolean;
  /** The version that the push starts from; a newer one in the database makes it fail with ERR_TRY_AGAIN. */
  readonly version?: bigint | undefined;
  /**
   * Whether a push whose answer was not heard is sent again. Without a version it is, which changes nothing; with one
   * the second finds the change of the first, and fails with ERR_TRY_AGAIN.
   */
  readonly idempotent?: boolean | undefined;
  /** Stage the schema instead of putting it in force; not possible in the root database. */
  readonly staged?: boolean | undefined;
}

type Options = Pick<CallOptions, "signal">;

/** How often the files are read again when the schema changes in between. */
const READS = 5;

/**
 * All schema files as they are now, of one version: there is no way to ask for a past one.
 * @param staged the staged files instead of those in force.
 */
export async function schemaFiles(
  connection: Connection,
  options: Options & { staged?: boolean } = {},
): Promise<SchemaFiles> {
  for (let read = 1; ; read++) {
    try {
      return await readFiles(connection, options);
    } catch (error) {
      if (faunaCode(error) !== "stale_schema" || read === READS) throw error;
    }
  }
}

async function readFiles(
  connection: Connection,
  { staged = false, signal }: Options & { staged?: boolean },
): Promise<SchemaFiles> {
  const { place } = connection;
  const get = (path: string, query: Record<string, string>) =>
    ask(connection, {
      method: "GET",
      path: `${path}${queryString({ ...query, ...(staged ? { staged: "true" } : {}) })}`,
      idempotent: true,
      signal,
    });
  const listing = await get("/schema/1/files", {});
  const version = integerOf(listing.get("version"), "version", place);
  const names = listing.get("files");
  if (!Array.isArray(names)) throw noFiles(place);
  const files = await Promise.all(
    names.map(async (entry) => {
      if (!isJsonObject(entry)) throw noFiles(place);
      const filename = stringOf(entry.get("filename"), "filename", place);
      const path = `/schema/1/files/${encodeURIComponent(filename)}`;
      // The version makes a change in between an error of the server's instead of a mixture.
      const file = await get(path, { version: String(version) });
      return { filename, content: stringOf(file.get("content"), "content", place) };
    }),
  );
  return { version, files };
}

function noFiles(place: string): ArkError {
  return new ArkError("ERR_PROTOCOL", "The answer is no list of schema files.", { place });
}

/**
 * Puts files in force, or stages them.
 * @returns the new version.
 * @throws ArkError ERR_SCHEMA with the server's diagnostics; ERR_TRY_AGAIN when `version` is no longer the newest.
 */
export async function pushSchema(
  connection: Connection,
  files: readonly SchemaFile[],
  { override, version, idempotent, staged = false, signal, timeoutMs }: PushOptions,
): Promise<bigint> {
  const form = multipart(files);
  const body = await ask(connection, {
    method: "POST",
    path: `/schema/1/update${queryString({
      ...versionQuery(version),
      override: String(override),
      ...(staged ? { staged: "true" } : {}),
    })}`,
    ...form,
    idempotent: idempotent ?? version === undefined,
    signal,
    timeoutMs,
  });
  return integerOf(body.get("version"), "version", connection.place);
}

/**
 * What a push of these files would change, in the server's words; nothing is changed.
 * @throws ArkError ERR_SCHEMA with the server's diagnostics.
 */
export async function validateSchema(
  connection: Connection,
  files: readonly SchemaFile[],
  { override, version, signal, timeoutMs }: Omit<PushOptions, "staged" | "idempotent">,
): Promise<string> {
  const body = await ask(connection, {
    method: "POST",
    path: `/schema/1/validate${queryString({ ...versionQuery(version), override: String(override) })}`,
    ...multipart(files),
    idempotent: true,
    signal,
    timeoutMs,
  });
  return stringOf(body.get("diff"), "diff", connection.place);
}

/** Whether a schema is staged, and how far it has come. In the root database, where nothing can be, none is. */
export async function stagedStatus(
  connection: Connection,
  options: Options = {},
): Promise<{ version: bigint; status: StagedStatus }> {
  const get = (path: string) =>
    ask(connection, { method: "GET", path, idempotent: true, ...options });
  let body: JsonObject;
  try {
    body = await get("/schema/1/staged/status");
  } catch (error) {
    if (!isOfRoot(error)) throw error;
    const listing = await get("/schema/1/files");
    return {
      version: integerOf(listing.get("version"), "version", connection.place),
      status: "none",
    };
  }
  const { place } = connection;
  const status = stringOf(body.get("status"), "status", place);
  if (status !== "none" && status !== "pending" && status !== "ready" && status !== "failed") {
    throw new ArkError("ERR_PROTOCOL", `The schema's status ${status} is not known.`, { place });
  }
  return { version: integerOf(body.get("version"), "version", place), status };
}

/** The root database answers 400 to everything about staging (Fauna's SchemaRequest.disallowRoot). */
function isOfRoot(error: unknown): boolean {
  return isArkError(error, "ERR_SCHEMA") && error.message.includes("staged in the root database");
}

/** Puts the staged schema in force, or drops it. @returns the new version. */
export async function endStaging(
  connection: Connection,
  how: "commit" | "abandon",
  options: Options = {},
): Promise<bigint> {
  const body = await ask(connection, {
    method: "POST",
    path: `/schema/1/staged/${how}?force=true`,
    idempotent: false,
    ...options,
  });
  return integerOf(body.get("version"), "version", connection.place);
}

function ask(connection: Connection, request: Ask): Promise<JsonObject> {
  return connection.ask(request, (answer, place) => {
    if (answer.status >= 300) throw schemaRefusal(answer, place);
    requireJson(answer, place);
    return parseObject(answer.text, place);
  });
}

function versionQuery(version: bigint | undefined): Record<string, string> {
  return version === undefined ? { force: "true" } : { version: String(version) };
}

function queryString(query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? "" : `?${text}`;
}

/** The files as a form: a field's name is the file's, its value the content. */
function multipart(files: readonly SchemaFile[]): { body: Uint8Array; contentType: string } {
  const boundary = boundaryFor(files);
  const parts = files.map(
    ({ filename, content }) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(filename)}"\r\n\r\n${content}\r\n`,
  );
  return {
    body: Buffer.from(`${parts.join("")}--${boundary}--\r\n`),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

/** A boundary that occurs in none of the files. */
function boundaryFor(files: readonly SchemaFile[]): string {
  for (let n = 0; ; n++) {
    const boundary = `fauna-ark-${n}`;
    if (files.every(({ content }) => !content.includes(boundary))) return boundary;
  }
}

function escapeName(filename: string): string {
  return filename.replace(/["\r\n]/g, encodeURIComponent);
}
