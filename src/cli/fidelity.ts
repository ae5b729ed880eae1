import type { Fidelity, FidelityEntry } from "../archive/archive.ts";
import { count, some } from "./words.ts";

/** The last lines of what a command says: what is exact, what is not and why, and what there is nothing of. */
export function fidelitySummary({ exact, natural, left, failed }: Fidelity): string {
  const { documents, definitions, secrets, versions } = exact;
  const past = versions === undefined ? "" : `, ${count(versions)} past versions and deletions`;
  return [
    "\n",
    `Exactly as it was: ${count(documents)} documents, ${count(definitions)} definitions, ${count(secrets)} secrets${past}.\n`,
    part("Other by Fauna's nature", natural),
    part("Left out, or left as it was", left),
    part("Failed", failed),
  ].join("");
}

function part(title: string, entries: readonly FidelityEntry[]): string {
  const found = entries.filter((entry) => entry.count > 0);
  const none = entries.filter((entry) => entry.count === 0).map((entry) => entry.title);
  if (found.length === 0) return `${title}: nothing (no ${none.join(", no ")}).\n`;
  const lines = found.map(({ title: what, count: number, examples }) => {
    const which = examples.length === 0 ? "" : ` (${some(examples, number, 5)})`;
    return `  ${count(number)} ${what}${which}\n`;
  });
  const rest = none.length === 0 ? "" : `  nothing else: no ${none.join(", no ")}\n`;
  return `${title}:\n${lines.join("")}${rest}`;
}
