/**
 * The schema of a database: the operations behind `/schema/1`, and what the languages need.
 *
 * Every operation works inside a transaction that its caller begins, commits or, when it throws,
 * rolls back. Refusals are {@link SchemaRefusal}s with the status and words of the answer. Rights are
 * the caller's to check (`auth.maySchema`). Answers are JSON members in Fauna's order.
 *
 * - v10 writes definitions with {@link createDefinition} and its siblings (`definitions.ts`) and calls
 *   {@link finishSchema} before it commits; v4 writes them by its own rules, asks `pin.ts` whether a
 *   schema is staged, and `indexes.ts` to drop what belongs to a collection.
 * - Documents: {@link collectionSchema}, {@link documentViolations}, {@link withDefaults},
 *   {@link failedChecks}.
 */
import {
  drawAll,
  type FslItem,
  type FslKind,
  readFsl,
  renderProblem,
  splice,
} from "../../fsl/fsl.ts";
import { type Json, JsonNumber, type JsonObject } from "../../values/json.ts";
import type { Transaction } from "../data/transaction.ts";
import { diffItems, locate } from "./diff.ts";
import { SchemaRefusal } from "./failure.ts";
import { activeFiles, itemsOfFiles, MAIN_FILE, type SourceFile, stagedFiles } from "./files.ts";
import { languageOf } from "./language.ts";
import { pushFiles, type Pushed } from "./push.ts";
import { renderSemantic, renderSummary } from "./render-diff.ts";
import { renderTextual } from "./render-text.ts";
import { abandonStaged, commitStaged, stagedStatus, stageFiles } from "./staged.ts";
import { kindOfItem } from "./to-fields.ts";
import { locateItem, planPush, type PushPlan } from "./validation.ts";

export { collectionSchema } from "./collection.ts";
export { createDefinition, updateDefinition } from "./definitions.ts";
export { documentViolations, failedChecks, withDefaults } from "./documents.ts";
export { SchemaRefusal } from "./failure.ts";
export type { SourceFile } from "./files.ts";
export { finishSchema } from "./finish.ts";
export { installLanguage } from "./language.ts";

/** Parameters of a `/schema/1` request, read by {@link schemaParameters}. */
export interface SchemaParameters {
  /** The schema version, µs, that the caller knows; the request is refused if there is a newer one. */
  readonly version: bigint | undefined;
  readonly force: boolean;
  readonly staged: boolean;
  readonly override: boolean;
  readonly validate: boolean;
  readonly format: "semantic" | "summary" | "textual" | undefined;
  readonly colours: boolean;
}

const FORMATS: ReadonlyMap<string, NonNullable<SchemaParameters["format"]>> = new Map([
  ["semantic", "semantic"],
  ["summary", "summary"],
  ["textual", "textual"],
]);

/** The parameters in a query string. What they do not know they take for absent, as the server does. */
export function schemaParameters(query: URLSearchParams): SchemaParameters {
  const version = query.get("version") ?? "";
  const legacy = query.get("diff") === "true" ? "semantic" : (query.get("diff") ?? "");
  return {
    version: /^[+-]?\d{1,19}$/.test(version) ? BigInt(version.replace("+", "")) : undefined,
    force: query.get("force") === "true",
    staged: query.get("staged") === "true",
    override: query.get("override") !== "false",
    validate: query.get("validate") === "true",
    format: FORMATS.get(query.get("format") ?? "") ?? FORMATS.get(legacy),
    colours: query.get("color") === "ansi",
  };
}

const object = (members: Readonly<Record<string, Json>>): JsonObject =>
  new Map(Object.entries(members));
const micros = (time: bigint): Json => new JsonNumber(String(time));

/** @throws SchemaRefusal 409 if the caller knows another version than the one that is there. */
function checkVersion(transaction: Transaction, parameters: SchemaParameters): Json {
  const { schemaVersion } = transaction.database;
  if (
    !parameters.force &&
    parameters.version !== undefined &&
    parameters.version !== schemaVersion
  ) {
    throw new SchemaRefusal(409, "Stale schema version provided");
  }
  return micros(schemaVersion);
}

/** Nothing can be staged in the root. @throws SchemaRefusal 400 */
function refuseRoot(transaction: Transaction): void {
  if (transaction.database.parent !== undefined) return;
  throw new SchemaRefusal(400, "Schema cannot be staged in the root database");
}

const filesOf = (transaction: Transaction, parameters: SchemaParameters) =>
  parameters.staged ? stagedFiles(transaction) : activeFiles(transaction);

// Files -----------------------------------------------------------------------------------------

/** `GET files`: `{version, files: [{filename}]}`. */
export function listFiles(transaction: Transaction, parameters: SchemaParameters): JsonObject {
  const version = checkVersion(transaction, parameters);
  const files = filesOf(transaction, parameters).map(({ filename }) => object({ filename }));
  return object({ version, files });
}

/** `GET files/{name}`: `{version, content}`. */
export function getFile(
  transaction: Transaction,
  filename: string,
  parameters: SchemaParameters,
): JsonObject {
  const version = checkVersion(transaction, parameters);
  const file = filesOf(transaction, parameters).find(
    (candidate) => candidate.filename === filename,
  );
  if (file === undefined) throw SchemaRefusal.notFound();
  return object({ version, content: file.content });
}

/** `POST update`: `{version}`. */
export function updateFiles(
  transaction: Transaction,
  files: readonly SourceFile[],
  parameters: SchemaParameters,
): JsonObject {
  checkVersion(transaction, parameters);
  if (parameters.staged) {
    refuseRoot(transaction);
    stageFiles(transaction, files, { override: parameters.override });
  } else pushFiles(transaction, files, { override: parameters.override });
  return object({ version: micros(transaction.now) });
}

/** `POST validate` and `POST diff`: `{version, diff}`. Changes nothing. */
export function validateFiles(
  transaction: Transaction,
  files: readonly SourceFile[],
  parameters: SchemaParameters,
): JsonObject {
  const version = checkVersion(transaction, parameters);
  const { override, staged } = parameters;
  return object({
    version,
    diff: render(planPush(transaction, files, { override, staged }), parameters),
  });
}

function render(
  { before, after, differences }: PushPlan,
  { format, colours }: SchemaParameters,
): string {
  switch (format) {
    case "textual":
      return renderTextual(before, after, colours);
    case "summary":
      return renderSummary(differences, { before, after, colours });
    default:
      return renderSemantic(differences, { before, after, colours });
  }
}

// Staged schemas --------------------------------------------------------------------------------

/** `GET staged/status`: `{version, status}`, with a format also `{pending_summary, diff}`. */
export function statusOfStaged(transaction: Transaction, parameters: SchemaParameters): JsonObject {
  const version = checkVersion(transaction, parameters);
  refuseRoot(transaction);
  const status = stagedStatus(transaction);
  if (parameters.format === undefined) return object({ version, status });
  const [before, after] = [activeFiles(transaction), stagedFiles(transaction)];
  const located = (files: readonly SourceFile[]) =>
    itemsOfFiles(files).map(({ filename, content, item }) =>
      locate(transaction, filename, content, item),
    );
  const differences = diffItems(located(before), located(after));
  const pending = status === "pending" ? "Indexes are being built.\n" : "";
  return object({
    version,
    status,
    pending_summary: pending,
    diff: render({ before, after, differences }, parameters),
  });
}

/** `POST staged/commit`: `{version}`. */
export function commitSchema(transaction: Transaction, parameters: SchemaParameters): JsonObject {
  refuseRoot(transaction);
  checkVersion(transaction, parameters);
  commitStaged(transaction);
  return object({ version: micros(transaction.now) });
}

/** `POST staged/abandon`: `{version}`. */
export function abandonSchema(transaction: Transaction, parameters: SchemaParameters): JsonObject {
  refuseRoot(transaction);
  checkVersion(transaction, parameters);
  abandonStaged(transaction);
  return object({ version: micros(transaction.now) });
}

// Items -----------------------------------------------------------------------------------------

/** The kinds of item by their names in paths: `items/collections/…`. */
export const ITEM_KINDS: ReadonlyMap<string, FslKind> = new Map([
  ["collections", "collection"],
  ["functions", "function"],
  ["roles", "role"],
  ["access_providers", "access provider"],
]);

const KIND_NAMES: Readonly<Record<FslKind, string>> = {
  collection: "a collection",
  function: "a function",
  role: "a role",
  "access provider": "an access provider",
};

/** `GET items/{kind}/{name}`: where an item stands, its text, its definition. */
export function getItem(
  transaction: Transaction,
  kind: FslKind,
  name: string,
  parameters: SchemaParameters,
): JsonObject {
  const version = checkVersion(transaction, parameters);
  const { file, item, ref } = existingItem(transaction, kind, name);
  const definition = languageOf(transaction.database.cluster).render(transaction, ref);
  return itemAnswer(
    version,
    file.filename,
    item,
    file.content.slice(item.span.start, item.span.end),
    definition,
  );
}

/** `POST items/{kind}` without a name: adds the item at the end of the main file. */
export function addItem(
  transaction: Transaction,
  kind: FslKind,
  snippet: string,
  parameters: SchemaParameters,
): JsonObject {
  const version = checkVersion(transaction, parameters);
  readSnippet(kind, snippet);
  const main =
    stagedFiles(transaction).find(({ filename }) => filename === MAIN_FILE)?.content ?? "";
  const file = { filename: MAIN_FILE, content: `${main}\n\n${snippet}` };
  if (parameters.validate) return itemDifference(transaction, version, file, parameters);
  return pushItem(transaction, file, snippet);
}

/** `POST items/{kind}/{name}`: puts another item in its place; another name renames the definition. */
export function replaceItem(
  transaction: Transaction,
  kind: FslKind,
  name: string,
  snippet: string,
  parameters: SchemaParameters,
): JsonObject {
  const version = checkVersion(transaction, parameters);
  const fresh = readSnippet(kind, snippet);
  const { file, item, ref } = existingItem(transaction, kind, name);
  const patched = { filename: file.filename, content: splice(file.content, item.span, snippet) };
  const renamed = new Map(
    fresh.name.text === name ? [] : [[`${kind} ${fresh.name.text}`, `${kind} ${name}`]],
  );
  if (parameters.validate)
    return itemDifference(transaction, version, patched, parameters, renamed);
  const pushed = pushFiles(transaction, [patched], { override: false, renamed });
  // Under a new name the server does not find what it has just written, and answers as if nothing had changed.
  if (pushed.length > 0 && renamed.size === 0)
    return pushedAnswer(transaction, pushed, file.filename, snippet);
  const definition = languageOf(transaction.database.cluster).render(transaction, ref);
  return itemAnswer(version, file.filename, item, snippet, definition);
}

/** `DELETE items/{kind}/{name}`. */
export function deleteItem(
  transaction: Transaction,
  kind: FslKind,
  name: string,
  parameters: SchemaParameters,
): JsonObject {
  const version = checkVersion(transaction, parameters);
  const { file, item } = existingItem(transaction, kind, name);
  const patched = { filename: file.filename, content: splice(file.content, item.span, "") };
  if (parameters.validate) return itemDifference(transaction, version, patched, parameters);
  pushFiles(transaction, [patched], { override: false });
  const content = file.content.slice(item.span.start, item.span.end);
  return itemAnswer(micros(transaction.now), file.filename, item, content, null);
}

function existingItem(transaction: Transaction, kind: FslKind, name: string) {
  const found = transaction.definitions.find(kindOfItem(kind), name);
  const located = locateItem(stagedFiles(transaction), kind, name);
  if (found === undefined || located === undefined) throw SchemaRefusal.notFound();
  return { ...located, ref: found.ref };
}

function readSnippet(kind: FslKind, snippet: string): FslItem {
  if (snippet.trim() === "") throw new SchemaRefusal(400, "No FSL snippet provided");
  const { items, problems } = readFsl(snippet);
  if (problems.length > 0) {
    throw new SchemaRefusal(
      400,
      drawAll(problems, (problem) => renderProblem(problem, "*fsl*", snippet)).join("\n"),
    );
  }
  const [item] = items;
  if (items.length !== 1 || item === undefined) {
    throw new SchemaRefusal(400, `Expected a single schema item, got: ${items.length}`);
  }
  if (item.kind !== kind)
    throw new SchemaRefusal(400, `Wrong FSL snippet. Expected ${KIND_NAMES[kind]}`);
  return item;
}

function itemDifference(
  transaction: Transaction,
  version: Json,
  file: SourceFile,
  parameters: SchemaParameters,
  renamed: ReadonlyMap<string, string> = new Map(),
): JsonObject {
  const plan = planPush(transaction, [file], { override: false, renamed });
  return object({ version, diff: render(plan, parameters) });
}

function pushItem(transaction: Transaction, file: SourceFile, snippet: string): JsonObject {
  const pushed = pushFiles(transaction, [file], { override: false });
  return pushedAnswer(transaction, pushed, file.filename, snippet);
}

/** The span is that of the item before it changed, or of one that is new (recording `fsl/items`). */
function pushedAnswer(
  transaction: Transaction,
  pushed: readonly Pushed[],
  filename: string,
  content: string,
): JsonObject {
  const [first] = pushed;
  if (first?.ref === undefined) throw new SchemaRefusal(500, "Snippet produced no schema updates");
  const { difference, ref } = first;
  const { item } = difference.kind === "add" ? difference.after : difference.before;
  const definition = languageOf(transaction.database.cluster).render(transaction, ref);
  return itemAnswer(micros(transaction.now), filename, item, content, definition);
}

function itemAnswer(
  version: Json,
  filename: string,
  item: FslItem,
  content: string,
  definition: Json,
): JsonObject {
  const { start, end } = item.span;
  const span = object({ start: new JsonNumber(String(start)), end: new JsonNumber(String(end)) });
  return object({ version, filename, span, content, definition });
}
