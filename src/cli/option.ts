/**
 * One option of a command, as data. The same table feeds the parser, the environment, the config
 * file, `--help`, shell completion and `docs/CLI.md`.
 */
import { ArkError } from "../errors/errors.ts";

export interface OptionSpec {
  /** Long name without dashes; also the key in a config file, and `FAUNA_ARK_<NAME>` in the environment. */
  readonly name: string;
  /** A second name that does the same on the command line, for those who know it from other commands. */
  readonly alias?: string;
  readonly type: "text" | "flag" | "count" | "bytes" | "list" | "choice";
  /** One sentence for people, without a full stop at its end. */
  readonly summary: string;
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  /** Written as on the command line. */
  readonly default?: string;
  readonly min?: number;
  readonly max?: number;
  /** Environment variables of Fauna's own that are read after `FAUNA_ARK_<NAME>`. */
  readonly alsoFrom?: readonly string[];
  /** The config file and environment must not set it: it belongs to one call. */
  readonly callOnly?: boolean;
  /** A switch after which people may write a secret by mistake: what follows it is never shown. */
  readonly takesNoSecret?: boolean;
}

export type OptionValue = string | number | boolean | readonly string[];

/** The environment variable of an option. */
export function environmentName(option: OptionSpec): string {
  return `FAUNA_ARK_${option.name.toUpperCase().replaceAll("-", "_")}`;
}

/** Turns what was written at `place` (a flag, a variable, a config key) into the option's value. */
export function parseOption(option: OptionSpec, written: unknown, place: string): OptionValue {
  switch (option.type) {
    case "flag":
      return parseFlag(written, place);
    case "list":
      return parseList(written, place);
    case "count":
      return parseCount(option, text(written, place), place);
    case "bytes":
      return parseBytes(option, text(written, place), place);
    case "choice":
      return parseChoice(option, text(written, place), place);
    case "text":
      return text(written, place);
  }
}

function text(written: unknown, place: string): string {
  if (typeof written === "number") return String(written);
  if (typeof written !== "string") {
    const what = Array.isArray(written) ? "given more than once" : "not text";
    throw new ArkError("ERR_USAGE", `The value of ${place} is ${what}.`, {
      place,
      hint: `Give ${place} once, with one value.`,
    });
  }
  if (written === "") {
    throw new ArkError("ERR_USAGE", `${place} has no value.`, {
      place,
      hint: `Give ${place} a value, or leave it out.`,
    });
  }
  return written;
}

function parseFlag(written: unknown, place: string): boolean {
  if (typeof written === "boolean") return written;
  if (written === "true" || written === "1") return true;
  if (written === "false" || written === "0" || written === "") return false;
  throw new ArkError("ERR_USAGE", `${place} is a switch; ${show(written)} is not a value for it.`, {
    place,
    hint: "Use true or false.",
  });
}

function parseList(written: unknown, place: string): readonly string[] {
  const items: readonly unknown[] = Array.isArray(written)
    ? written
    : typeof written === "string"
      ? written.split(",")
      : [written];
  return items.map((item) => text(item, place).trim());
}

function parseCount(option: OptionSpec, written: string, place: string): number {
  const value = Number(written);
  if (!/^\d+$/.test(written) || !Number.isSafeInteger(value)) {
    throw new ArkError("ERR_USAGE", `${place} needs a whole number, not ${show(written)}.`, {
      place,
      hint: range(option),
    });
  }
  return inRange(option, value, place);
}

/** How many bytes a unit stands for, by its name in lower case. */
const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["k", 1024],
  ["kb", 1000],
  ["kib", 1024],
  ["m", 1024 ** 2],
  ["mb", 1000 ** 2],
  ["mib", 1024 ** 2],
  ["g", 1024 ** 3],
  ["gb", 1000 ** 3],
  ["gib", 1024 ** 3],
]);

/** How many bytes a unit stands for, as somebody writes it; undefined for what is none. */
export function bytesIn(unit: string): number | undefined {
  return BYTE_UNITS.get(unit.toLowerCase());
}

function parseBytes(option: OptionSpec, written: string, place: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(written);
  const unit = match === null ? undefined : bytesIn(match[2]!);
  if (match === null || unit === undefined) {
    throw new ArkError("ERR_USAGE", `${place} needs a size, not ${show(written)}.`, {
      place,
      hint: "Write a number with a unit, such as 64MiB.",
    });
  }
  return inRange(option, Math.round(Number(match[1]) * unit), place);
}

function parseChoice(option: OptionSpec, written: string, place: string): string {
  if (option.choices!.includes(written)) return written;
  throw new ArkError("ERR_USAGE", `${place} does not know ${show(written)}.`, {
    place,
    hint: `Use one of: ${option.choices!.join(", ")}.`,
  });
}

function inRange(option: OptionSpec, value: number, place: string): number {
  if (value >= (option.min ?? 0) && value <= (option.max ?? Number.MAX_SAFE_INTEGER)) return value;
  throw new ArkError("ERR_USAGE", `${place} is out of range: ${value}.`, {
    place,
    hint: range(option),
  });
}

function range({ min = 0, max }: OptionSpec): string {
  return max === undefined ? `Use a number from ${min}.` : `Use a number from ${min} to ${max}.`;
}

function show(written: unknown): string {
  return JSON.stringify(written) ?? String(written);
}
