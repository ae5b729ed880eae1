import { ArkError } from "../errors/errors.ts";

/** How an export that outlives the history window catches up; each has a default that suits most databases. */
export interface CatchUpOptions {
  /** How long an event feed is left alone, in milliseconds; 120,000 by default. Fifteen minutes are the end of it. */
  readonly feedEveryMs?: number | undefined;
  /**
   * The last look, which all has to be ready for within the history window, is taken when reading once more what has
   * changed is thought to take no longer than this, in seconds; 120 by default.
   */
  readonly lastLookSeconds?: number | undefined;
  /** How often changed documents are read before the last look, at most; 8 by default. */
  readonly rounds?: number | undefined;
}

export type ResolvedCatchUp = { readonly [Name in keyof CatchUpOptions]-?: number };

/** @throws ArkError ERR_USAGE when a figure is out of range. */
export function resolveCatchUp(
  asked: boolean | CatchUpOptions | undefined,
): ResolvedCatchUp | undefined {
  if (asked === undefined || asked === false) return undefined;
  const options = asked === true ? {} : asked;
  const resolved = {
    feedEveryMs: options.feedEveryMs ?? 120_000,
    lastLookSeconds: options.lastLookSeconds ?? 120,
    rounds: options.rounds ?? 8,
  };
  for (const [name, value] of Object.entries(resolved)) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new ArkError("ERR_USAGE", `catchUp.${name} has to be a number from 0.`, {
      place: `catchUp.${name}`,
    });
  }
  return resolved;
}

/** What has to be read at one moment. */
const AT_ONE_MOMENT: Readonly<Record<string, string>> = {
  history: "Every version is read at one moment, while --catch-up reads at many.",
  at: "A past moment is one moment, while --catch-up ends at a moment yet to come.",
  resume:
    "An export with --catch-up puts by what it reads for itself alone, so that it cannot be resumed.",
};

/** @throws ArkError ERR_USAGE when anything is asked for that does not go with catching up. */
export function refuseWithCatchUp(asked: Readonly<Record<string, boolean>>): void {
  for (const [name, isAsked] of Object.entries(asked)) {
    if (!isAsked) continue;
    throw new ArkError("ERR_USAGE", AT_ONE_MOMENT[name] ?? `--${name} does not go with it.`, {
      place: "--catch-up",
      hint: `Leave out --catch-up or --${name}.`,
    });
  }
}
