/**
 * The schema files of a database: kept as they were pushed, and patched when queries have changed
 * definitions since, so that they always say what the definitions say.
 */
import { type FslItem, parseFsl, printItem } from "../../fsl/fsl.ts";
import type { Transaction } from "../data/transaction.ts";
import { diffItems, locate } from "./diff.ts";
import { patchFiles } from "./patch.ts";
import { stagedSchema } from "./pin.ts";
import { itemsOfSchema } from "./to-item.ts";

export interface SourceFile {
  readonly filename: string;
  readonly content: string;
}

/** Where definitions made by queries are written. */
export const MAIN_FILE = "main.fsl";

/** What a generated file begins with; the newline keeps it from becoming the comment of an item. */
const PREAMBLE = `// The following schema is auto-generated.
// This file contains FSL for FQL10-compatible schema items.
`;

interface Kept {
  readonly files: readonly SourceFile[];
  /** The schema version, µs, that the files speak of. */
  readonly version: bigint;
}

const FILES = Symbol("schema files");

/** The files as definitions are now, staged ones included. */
export function stagedFiles(transaction: Transaction): readonly SourceFile[] {
  const kept = transaction.database.attachments.get(FILES) as Kept | undefined;
  const { schemaVersion } = transaction.database;
  if (kept !== undefined && kept.files.length > 0) {
    if (kept.version >= schemaVersion) return kept.files;
    return keepFiles(transaction, patched(transaction, kept.files));
  }
  const files = generated(itemsOfSchema(transaction));
  return files.length === 0 ? files : keepFiles(transaction, files);
}

/** The files as queries see the schema: while one is staged, those from before. */
export function activeFiles(transaction: Transaction): readonly SourceFile[] {
  return stagedSchema(transaction)?.files ?? stagedFiles(transaction);
}

/** Keeps `files` as what the definitions of now say. */
export function keepFiles(
  transaction: Transaction,
  files: readonly SourceFile[],
): readonly SourceFile[] {
  const kept: Kept = { files, version: transaction.database.schemaVersion };
  transaction.attach(FILES, kept);
  return files;
}

/** Items of the contents that were read last. */
const readings = new Map<string, readonly FslItem[]>();
const MAX_READINGS = 64;

function itemsOfContent({ filename, content }: SourceFile): readonly FslItem[] {
  const known = readings.get(content);
  if (known !== undefined) return known;
  const { items } = parseFsl(content, filename);
  const [oldest] = readings.keys();
  if (readings.size >= MAX_READINGS && oldest !== undefined) readings.delete(oldest);
  readings.set(content, items);
  return items;
}

/** The items of `files`, which parsed when they were pushed. */
export function itemsOfFiles(
  files: readonly SourceFile[],
): { readonly filename: string; readonly content: string; readonly item: FslItem }[] {
  return files.flatMap((file) => itemsOfContent(file).map((item) => ({ ...file, item })));
}

function generated(items: readonly FslItem[]): SourceFile[] {
  if (items.length === 0) return [];
  const content = [PREAMBLE, ...items.map((item) => printItem(item))].join("\n");
  return [{ filename: MAIN_FILE, content }];
}

function patched(transaction: Transaction, files: readonly SourceFile[]): SourceFile[] {
  const before = itemsOfFiles(files).map(({ filename, content, item }) =>
    locate(transaction, filename, content, item),
  );
  const after = itemsOfSchema(transaction).map((item) => ({
    filename: MAIN_FILE,
    item,
    canonical: item,
  }));
  const result = patchFiles(files, diffItems(before, after), MAIN_FILE);
  if (files.some(({ filename }) => filename === MAIN_FILE)) return result;
  return result.map((file) =>
    file.filename === MAIN_FILE ? { ...file, content: `${PREAMBLE}\n${file.content}` } : file,
  );
}
