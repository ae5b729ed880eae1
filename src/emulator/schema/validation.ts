/** What a push would do: the files read, checked and compared with what is there. */
import { drawAll, findItem, readFsl, renderProblem } from "../../fsl/fsl.ts";
import { NATIVE } from "../data/ids.ts";
import type { Transaction } from "../data/transaction.ts";
import { diffItems, type Difference, type Located, locate } from "./diff.ts";
import { SchemaRefusal } from "./failure.ts";
import { activeFiles, type SourceFile, stagedFiles } from "./files.ts";
import { hasDocuments, migrationProblems } from "./migrations.ts";
import { pinnedTime, stagedSchema } from "./pin.ts";
import { itemOf } from "./to-item.ts";
import { expressionProblems, type FiledItem, schemaDrawings } from "./validate.ts";

export interface PushOptions {
  /** Whether definitions that no file has are deleted; true unless told. */
  readonly override: boolean;
  /** Compares with the staged schema instead of the active one; for differences only. */
  readonly staged?: boolean;
  /** New names of items to old ones, as `kind name`. */
  readonly renamed?: ReadonlyMap<string, string>;
}

export interface PushPlan {
  readonly before: readonly SourceFile[];
  /** All files as they would be, those that hold nothing included. */
  readonly after: readonly SourceFile[];
  readonly differences: readonly Difference[];
}

/** Reads and checks `submitted`. @throws SchemaRefusal 400 with everything that is wrong. */
export function planPush(
  transaction: Transaction,
  submitted: readonly SourceFile[],
  options: PushOptions,
): PushPlan {
  for (const { filename } of submitted) checkFilename(filename);
  const before =
    options.staged === true || stagedSchema(transaction) === undefined
      ? stagedFiles(transaction)
      : activeFiles(transaction);
  const kept = options.override
    ? []
    : before.filter((file) => !submitted.some(({ filename }) => filename === file.filename));
  const after = [...submitted, ...kept];
  const items = readFiles(after);
  const texts = new Map(after.map(({ filename, content }) => [filename, content]));
  const unparsable = expressionProblems(items);
  if (unparsable.length > 0) {
    refuse(
      drawAll(unparsable, (problem) =>
        renderProblem(problem, problem.filename, texts.get(problem.filename) ?? ""),
      ),
    );
  }
  const differences = compare(transaction, before, items, submitted, options);
  const drawings = schemaDrawings(transaction, items, texts);
  if (drawings.length > 0) refuse(drawings);
  refuse(migrationDrawings(transaction, differences, texts));
  return { before, after, differences };
}

/** An item with the file it was read from. */
type ReadItem = FiledItem & SourceFile;

function refuse(drawings: readonly string[]): void {
  if (drawings.length > 0) throw new SchemaRefusal(400, drawings.join("\n"));
}

function checkFilename(filename: string): void {
  if (filename.startsWith("*") || !filename.endsWith(".fsl")) {
    throw new SchemaRefusal(400, `Invalid filename: ${filename}`);
  }
}

function readFiles(files: readonly SourceFile[]): ReadItem[] {
  const readings = files.map((file) => ({ file, reading: readFsl(file.content) }));
  refuse(
    readings.flatMap(({ file, reading }) =>
      drawAll(reading.problems, (problem) => renderProblem(problem, file.filename, file.content)),
    ),
  );
  const items = readings.flatMap(({ file, reading }) =>
    reading.items.map((item) => ({ ...file, item })),
  );
  refuse(duplicates(items));
  return items;
}

/** Items of one name in different files; those of one file were found when it was read. */
function duplicates(items: readonly FiledItem[]): string[] {
  const seen = new Map<string, string>();
  return items.flatMap(({ filename, item }) => {
    const what =
      item.kind === "role" || item.kind === "access provider"
        ? item.kind
        : "collection or function";
    const key = `${what} ${item.name.text}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, filename);
    if (other === undefined || other === filename) return [];
    return [`Duplicate ${what} \`${item.name.text}\` in ${filename} (originally seen in ${other})`];
  });
}

function compare(
  transaction: Transaction,
  before: readonly SourceFile[],
  items: readonly ReadItem[],
  submitted: readonly SourceFile[],
  options: PushOptions,
): Difference[] {
  const old = before.flatMap(({ filename, content }) =>
    readFsl(content).items.map((item) =>
      withStoredHistory(transaction, locate(transaction, filename, content, item)),
    ),
  );
  const fresh = items.map(({ filename, content, item }) =>
    locate(transaction, filename, content, item),
  );
  const all = diffItems(old, fresh, options.renamed);
  if (options.override) return all;
  const names = new Set(submitted.map(({ filename }) => filename));
  return all.filter(
    (difference) => difference.kind !== "remove" || names.has(difference.before.filename),
  );
}

/** A file that says nothing of history leaves a collection made without end of history as it is. */
function withStoredHistory(transaction: Transaction, located: Located): Located {
  const { item } = located;
  if (item.kind !== "collection" || item.members.some(({ kind }) => kind === "history_days"))
    return located;
  const found = transaction.definitions.find(
    NATIVE.Collection,
    item.name.text,
    pinnedTime(transaction),
  );
  const stored =
    found === undefined ? undefined : itemOf(transaction, NATIVE.Collection, found.version.fields);
  const history =
    stored?.kind === "collection"
      ? stored.members.find(({ kind }) => kind === "history_days")
      : undefined;
  if (history === undefined || located.canonical.kind !== "collection") return located;
  return {
    ...located,
    canonical: { ...located.canonical, members: [...located.canonical.members, history] },
  };
}

function migrationDrawings(
  transaction: Transaction,
  differences: readonly Difference[],
  texts: ReadonlyMap<string, string>,
): string[] {
  return differences.flatMap((difference) => {
    if (difference.kind === "remove" || difference.after.item.kind !== "collection") return [];
    const { filename, item } = difference.after;
    const live =
      difference.kind === "modify" ? liveItem(transaction, difference.before) : undefined;
    return drawAll(migrationProblems(live, item), (problem) =>
      renderProblem(problem, filename, texts.get(filename) ?? ""),
    );
  });
}

/** The collection as it is, if it has documents: an empty one may change in any way. */
function liveItem(transaction: Transaction, { canonical }: Located) {
  if (canonical.kind !== "collection") return undefined;
  const found = transaction.definitions.find(
    NATIVE.Collection,
    canonical.name.text,
    pinnedTime(transaction),
  );
  return found !== undefined && hasDocuments(transaction, Number(found.ref.id))
    ? canonical
    : undefined;
}

/** The item of this kind and name in one of `files`, with its file. */
export function locateItem(
  files: readonly SourceFile[],
  kind: Parameters<typeof findItem>[1],
  name: string,
) {
  for (const file of files) {
    const { items } = readFsl(file.content);
    const item = findItem({ filename: file.filename, text: file.content, items }, kind, name);
    if (item !== undefined) return { file, item };
  }
  return undefined;
}
