import { ArkError } from "../errors/errors.ts";
import type { Rates } from "../fauna/fauna.ts";
import { bytesIn } from "./option.ts";

/** What counts under each way of writing it. */
const COUNTED: ReadonlyMap<string, "documents" | "ops"> = new Map([
  ["doc", "documents"],
  ["docs", "documents"],
  ["document", "documents"],
  ["documents", "documents"],
  ["op", "ops"],
  ["ops", "ops"],
]);

/**
 * The rates of `--max-rate`: `500docs/s`, `5MiB/s`, `1000ops/s`, one of each at most.
 * @throws ArkError ERR_USAGE for what is no rate.
 */
export function parseRates(written: readonly string[]): Rates {
  const rates: { -readonly [unit in keyof Rates]: Rates[unit] } = {};
  for (const text of written) {
    const { unit, perSecond } = parseRate(text);
    if (rates[unit] !== undefined) throw notARate(text, `There is one for ${unit} already.`);
    rates[unit] = perSecond;
  }
  return rates;
}

function parseRate(text: string): { unit: keyof Rates; perSecond: number } {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)\/s$/i.exec(text);
  if (match === null) throw notARate(text);
  const word = match[2]!.toLowerCase();
  const unit = COUNTED.get(word);
  const factor = unit === undefined ? bytesIn(word) : 1;
  if (factor === undefined) throw notARate(text);
  const perSecond = Number(match[1]) * factor;
  if (!(perSecond > 0 && perSecond < Infinity)) throw notARate(text);
  return { unit: unit ?? "bytes", perSecond };
}

function notARate(text: string, why = "It is a number, a unit and /s."): ArkError {
  return new ArkError("ERR_USAGE", `${JSON.stringify(text)} is no rate. ${why}`, {
    place: "--max-rate",
    hint: "Write 500docs/s, 5MiB/s or 1000ops/s; several with commas between them.",
  });
}
