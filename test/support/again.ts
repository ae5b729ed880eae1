import { type ExportOptions, type ExportReport, exportDatabase } from "../../src/export/export.ts";
import { openStore } from "../../src/store/store.ts";

/** Does an export again in the place of one that failed. */
export async function again(options: ExportOptions): Promise<ExportReport> {
  const { target } = options;
  const store = typeof target === "string" ? openStore(target) : target;
  const left: string[] = [];
  for await (const { name } of store.list()) left.push(name);
  for (const name of left) await store.remove(name);
  return exportDatabase(options);
}
