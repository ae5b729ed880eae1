/** `/export/1/{id}`: Fauna's export to the disk of its own node (facts §9.1). */
import { isJsonObject, type Json, parseJson } from "../../values/json.ts";
import { Time } from "../../values/time.ts";
import { NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import type { ExportRequest, ExportTask, Exports } from "../export/export.ts";
import { extensionOf } from "../export/layout.ts";
import { forbidden, methodNotAllowed, notFound, refusal, unauthorized } from "./errors.ts";
import { type Answer, type Incoming, jsonAnswer } from "./exchange.ts";
import type { Node } from "./node.ts";

const WITH_ID = /^\/export\/1\/([^/]+)$/;
const CREDENTIAL = "Credential";

/** Answers a request below `/export/1` whose body is not too large. */
export function answerExport(node: Node, request: Incoming): Answer {
  const answer = node.run(
    request,
    undefined,
    ({ auth, transaction }) => {
      if (auth.builtinRole === undefined || auth.builtinRole === "client")
        return forbidden("export");
      const exportId = idOf(request.path);
      if (exportId === undefined) return notFound("export");
      const { exports } = node;
      switch (request.method) {
        case "PUT":
          return exports === undefined
            ? refuse("export_path not configured")
            : put(exports, transaction, exportId, request);
        case "GET":
        case "DELETE": {
          const task = exports?.find(exportId);
          if (task?.database !== transaction.database) return notFound("export");
          if (request.method === "GET") return jsonAnswer(200, describe(task));
          exports?.cancel(task);
          return { status: 204, headers: {}, body: "" };
        }
        default:
          return methodNotAllowed("export", ["PUT", "GET", "DELETE"]);
      }
    },
    () => false,
  );
  return answer ?? unauthorized("export");
}

const refuse = (message: string): Answer => refusal("export", "invalid_request", message);

function idOf(path: string): string | undefined {
  const encoded = WITH_ID.exec(path)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function put(
  exports: Exports,
  transaction: Transaction,
  exportId: string,
  request: Incoming,
): Answer {
  if (request.body.length === 0) return refuse("Missing request body");
  const asked = parseBody(request.body.toString("utf8"));
  if (asked === undefined) return refuse("Invalid request body.");
  const docFormat = choice(asked, "doc_format", ["tagged", "simple"] as const);
  const format = choice(asked, "datafile_format", ["json", "jsonl"] as const);
  if (docFormat === undefined) return refuse(`Invalid doc_format '${textOf(asked, "doc_format")}'`);
  if (format === undefined)
    return refuse(`Invalid datafile_format '${textOf(asked, "datafile_format")}'`);
  const names = namesIn(asked);
  if (names?.length === 0) return refuse("'collections' cannot be empty");
  const known = collectionsOf(transaction);
  const wanted = names === undefined ? [...known.keys()] : [...new Set(names)].toSorted();
  const missing = wanted.filter((name) => !known.has(name));
  if (missing.length > 0) return refuse(`Collections not found: ${missing.join(", ")}`);
  const asExport: ExportRequest = {
    exportId,
    docFormat,
    format,
    compressed: asked.get("datafile_compression") === true,
    collections: wanted.map((name) => [name, known.get(name) ?? NATIVE.Credential]),
  };
  const running = exports.find(exportId);
  if (running?.state === "pending") {
    const difference = differenceOf(asExport, running.request, names !== undefined);
    return difference === undefined ? jsonAnswer(200, describe(running)) : refuse(difference);
  }
  const { database, now } = transaction;
  const task = exports.begin(database, transaction.newId(NATIVE.Key), now, asExport);
  return jsonAnswer(201, describe(task));
}

function differenceOf(
  asked: ExportRequest,
  running: ExportRequest,
  byName: boolean,
): string | undefined {
  const options = [
    ["doc_format", asked.docFormat, running.docFormat],
    ["datafile_format", asked.format, running.format],
    ["datafile_compression", asked.compressed, running.compressed],
  ] as const;
  for (const [name, wanted, found] of options) {
    if (wanted !== found) {
      return `Requested ${name} \`${String(wanted)}\` does not match running export's value \`${String(found)}\``;
    }
  }
  const [wanted, found] = [asked, running].map(({ collections }) => collections.join("\n"));
  return byName && wanted !== found
    ? "Requested collections do not match running export's collections."
    : undefined;
}

/** Every collection that can be exported, oldest first. */
function collectionsOf(transaction: Transaction): Map<string, number> {
  const known = new Map<string, number>();
  for (const { ref, version } of transaction.definitions.all(NATIVE.Collection)) {
    const name = version.fields.get("name");
    if (typeof name === "string") known.set(name, Number(ref.id));
  }
  return known.set(CREDENTIAL, NATIVE.Credential);
}

/** The body's members; those of anything else than an object are missing. */
function parseBody(text: string): ReadonlyMap<string, Json> | undefined {
  try {
    const json = parseJson(text);
    return isJsonObject(json) ? json : new Map();
  } catch {
    return undefined;
  }
}

function choice<T extends string>(
  asked: ReadonlyMap<string, Json>,
  name: string,
  choices: readonly [T, ...T[]],
): T | undefined {
  const value = asked.get(name);
  return typeof value === "string" ? choices.find((each) => each === value) : choices[0];
}

function textOf(asked: ReadonlyMap<string, Json>, name: string): string {
  const value = asked.get(name);
  return typeof value === "string" ? value : "";
}

function namesIn(asked: ReadonlyMap<string, Json>): string[] | undefined {
  const value = asked.get("collections");
  if (!Array.isArray(value)) return undefined;
  const names = value.filter((item) => typeof item === "string");
  return names.length === value.length ? names : undefined;
}

function describe({ request, taskId, at, state, error }: ExportTask): string {
  return JSON.stringify({
    path: `0/export_${request.exportId}/${taskId}`,
    account_id: "0",
    export_id: request.exportId,
    task_id: taskId,
    collections: request.collections.map(([name]) => name).toSorted(),
    snapshot_ts: Time.fromMicros(at).toString(),
    doc_format: request.docFormat,
    datafile_format: request.format,
    datafile_compression: request.compressed,
    datafile_ext: extensionOf(request),
    parts: 1,
    state,
    ...(error === undefined ? {} : { error }),
  });
}
