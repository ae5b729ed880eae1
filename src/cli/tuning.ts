import type { ClimbStep } from "../flow/flow.ts";
import type { Arguments } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";
import { count } from "./words.ts";

/** What values of each name are called. */
const WORDS: Readonly<Record<string, string>> = {
  page: "documents in a page",
  batch: "documents in a batch",
  underWay: "requests at once",
};

/** With `--verbose`, says what is tried to be fast, and what is found; undefined otherwise. */
export function tuningOf(
  args: Arguments,
  terminal: Terminal,
): ((step: ClimbStep<string>) => void) | undefined {
  if (!args.flag("verbose")) return undefined;
  let told = "";
  return ({ tried, throughput, better, best, settled }) => {
    const rate = `${count(Math.round(throughput))} documents and KiB a second`;
    const text = settled
      ? `found to be best: ${inWords(best)}\n`
      : `tried ${inWords(tried)}: ${rate}${better ? ", better" : ""}\n`;
    // While it rests, it says the same again and again.
    if (text !== told) terminal.err(text);
    told = text;
  };
}

function inWords(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${count(value)} ${WORDS[name] ?? name}`)
    .join(", ");
}
