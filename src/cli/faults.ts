/**
 * The emulator's `--faults`: which requests fail, and how often, as one line.
 *
 *     429:5%,503:1%,409:2%,delay:20-200,cut-after:1%,cut-before:0.5%
 *
 * At most one status or cut meets a request; a delay meets every one. The same seed makes the same faults for the
 * same requests in the same order.
 */
import type { Fault, Faults } from "../emulator/emulator.ts";
import { ArkError } from "../errors/errors.ts";
import { seededRandom } from "./random.ts";

const STATUSES = [401, 409, 429, 440, 500, 502, 503, 504] as const;

interface Chance {
  readonly fault: Fault;
  /** 0 to 1. */
  readonly share: number;
}

interface FaultPlan {
  readonly chances: readonly Chance[];
  readonly delay: { readonly from: number; readonly to: number } | undefined;
}

/** Requests that faults are for: queries and feeds; schema, `/ping` and the like answer as ever. */
const PATHS = new Set(["/", "/query/1", "/feed/1"]);

/** @throws ArkError ERR_USAGE naming the part that is not understood. */
export function parseFaults(spec: string, seed: number): Faults {
  const plan = parsePlan(spec);
  const random = seededRandom(seed + 1);
  return ({ path }) => {
    if (!PATHS.has(path.split("?", 1)[0]!)) return undefined;
    const { delay, chances } = plan;
    const late =
      delay === undefined ? {} : { delayMs: delay.from + random() * (delay.to - delay.from) };
    let at = random();
    for (const { fault, share } of chances) {
      if (at < share) return { ...late, ...fault };
      at -= share;
    }
    return delay === undefined ? undefined : late;
  };
}

function parsePlan(spec: string): FaultPlan {
  const chances: Chance[] = [];
  let delay: FaultPlan["delay"];
  for (const part of spec.split(",")) {
    const [what = "", amount = ""] = part.trim().split(":");
    if (what === "delay") delay = parseDelay(amount, part);
    else chances.push({ fault: parseFault(what, part), share: parseShare(amount, part) });
  }
  if (chances.reduce((sum, { share }) => sum + share, 0) > 1) {
    throw new ArkError("ERR_USAGE", "The faults together meet more than every request.", {
      place: "--faults",
      hint: "Let the percentages add up to 100 % at most.",
    });
  }
  return { chances, delay };
}

function parseFault(what: string, part: string): Fault {
  if (what === "cut-before") return { cut: "before" };
  if (what === "cut-after") return { cut: "after" };
  const status = STATUSES.find((each) => String(each) === what);
  if (status !== undefined) return { status };
  throw notUnderstood(part);
}

function parseShare(amount: string, part: string): number {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(amount)?.[1];
  if (percent === undefined || Number(percent) > 100) throw notUnderstood(part);
  return Number(percent) / 100;
}

function parseDelay(amount: string, part: string): { from: number; to: number } {
  const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(amount);
  if (match === null) throw notUnderstood(part);
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  if (to < from) throw notUnderstood(part);
  return { from, to };
}

function notUnderstood(part: string): ArkError {
  return new ArkError("ERR_USAGE", `${JSON.stringify(part)} is not a fault.`, {
    place: "--faults",
    hint: `Write STATUS:N%, cut-before:N%, cut-after:N% or delay:MS-MS, separated by commas; the statuses are ${STATUSES.join(", ")}.`,
  });
}
