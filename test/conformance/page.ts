/** The part of `docs/EMULATOR.md` that is made from a replay of the recordings and the ledger. */
import { readFile, writeFile } from "node:fs/promises";
import type { Ledger, Severity } from "./ledger.ts";

const FILE = new URL("../../docs/EMULATOR.md", import.meta.url);
const MADE = /(<!-- made by test\/conformance -->\n)[^]*(<!-- until here -->)/;

/** How one scenario came out. */
export interface Outcome {
  readonly area: string;
  readonly severity: Severity | "ok" | "skipped";
}

const MEANING: Readonly<Record<Severity, string>> = {
  failed: "cannot be replayed",
  structure: "a program sees it",
  order: "members in another order",
  text: "wording for people",
};

/** The page as it should be: how many scenarios of each area agree, and why the others do not. */
export async function pageFor(
  outcomes: readonly Outcome[],
  ledger: Ledger,
): Promise<{ found: string; wanted: string }> {
  const found = await readFile(FILE, "utf8");
  const parts = [table(outcomes), reasons(ledger)].join("\n\n");
  return { found, wanted: found.replace(MADE, `$1\n${parts}\n\n$2`) };
}

/** Writes the page. */
export async function writePage(text: string): Promise<void> {
  await writeFile(FILE, text);
}

function table(outcomes: readonly Outcome[]): string {
  const areas = [...new Set(outcomes.map(({ area }) => area))].toSorted();
  const rows = [...areas, "all"].map((area) => {
    const own = outcomes.filter((each) => area === "all" || each.area === area);
    const count = (...wanted: readonly Outcome["severity"][]) =>
      String(own.filter(({ severity }) => wanted.includes(severity)).length);
    return [
      area,
      String(own.length),
      count("ok"),
      count("text", "order"),
      count("structure", "failed"),
    ];
  });
  const header = ["area", "scenarios", "the same", "but for wording or order", "different"];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}

function reasons(ledger: Ledger): string {
  const entries = Object.entries(ledger);
  if (entries.length === 0) return "There is no scenario that differs.";
  return entries
    .map(([id, { severity, reason }]) => `- \`${id}\` (${MEANING[severity]}): ${reason}.`)
    .join("\n");
}
