/**
 * The config file: option values under the options' own names, for every command or under a
 * profile.
 *
 *     { "compress": "gzip",
 *       "profiles": { "prod": { "endpoint": "https://fauna.example", "secret-file": "prod.secret" } } }
 */
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { ArkError } from "../errors/errors.ts";
import { didYouMean } from "./nearest.ts";
import { type OptionSpec, parseOption } from "./option.ts";

/** The file that is read from the working folder when `--config` names none. */
export const CONFIG_FILE = "fauna-ark.config.json";

/** The values a config file sets: option name to what is written there, and where. */
export type ConfigValues = ReadonlyMap<
  string,
  { readonly written: unknown; readonly place: string }
>;

interface ConfigRequest {
  readonly file: string | undefined;
  readonly profile: string | undefined;
  readonly cwd: string;
  /** Every option of every command: a file may serve them all. */
  readonly options: readonly OptionSpec[];
}

/** Reads the config file and the chosen profile over it. No file is an empty one unless it was asked for. */
export async function readConfig(request: ConfigRequest): Promise<ConfigValues> {
  const { file, profile, cwd, options } = request;
  const path = resolve(cwd, file ?? CONFIG_FILE);
  const content = await readIfThere(path, file !== undefined || profile !== undefined);
  if (content === undefined) return new Map();

  const root = parseObject(content, path);
  const { profiles = {}, ...common } = root;
  if (!isObject(profiles)) throw invalid(path, "profiles", "is not an object of profiles");
  for (const [name, values] of Object.entries(profiles)) {
    if (!isObject(values)) throw invalid(path, `profiles.${name}`, "is not an object");
    check(values, options, path, `profiles.${name}.`);
  }
  check(common, options, path, "");

  const chosen = profile === undefined ? {} : chosenProfile(profiles, profile, path);
  return new Map([
    ...entries(common, path, "", dirname(path)),
    ...entries(chosen, path, `profiles.${profile}.`, dirname(path)),
  ]);
}

/**
 * What a profile of the config file says, and nothing else. The parser has looked at the whole file before.
 * @throws ArkError ERR_CONFIG when there is no such profile.
 */
export async function readProfile({
  file,
  profile,
  cwd,
}: Omit<ConfigRequest, "options" | "profile"> & {
  readonly profile: string;
}): Promise<ConfigValues> {
  const path = resolve(cwd, file ?? CONFIG_FILE);
  const { profiles = {} } = parseObject((await readIfThere(path, true))!, path);
  const all = isObject(profiles) ? profiles : {};
  return new Map(entries(chosenProfile(all, profile, path), path, "", dirname(path)));
}

function chosenProfile(
  profiles: Record<string, unknown>,
  name: string,
  path: string,
): Record<string, unknown> {
  const chosen = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (isObject(chosen)) return chosen;
  throw new ArkError("ERR_CONFIG", `The config file has no profile ${name}.`, {
    place: path,
    hint: didYouMean(name, Object.keys(profiles), `It has: ${list(Object.keys(profiles))}.`),
  });
}

async function readIfThere(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ArkError("ERR_CONFIG", "The config file cannot be read.", {
      place: path,
      cause: error,
      hint: "Check --config and the file's permissions.",
    });
  }
}

function parseObject(content: string, path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw new ArkError("ERR_CONFIG", `The config file is not JSON: ${(error as Error).message}.`, {
      place: path,
      cause: error,
      hint: "Mend the file, or name another with --config.",
    });
  }
  if (!isObject(parsed)) throw invalid(path, "the file", "is not an object");
  return parsed;
}

function check(
  values: Record<string, unknown>,
  options: readonly OptionSpec[],
  path: string,
  prefix: string,
): void {
  const known = options.filter((option) => option.callOnly !== true);
  for (const [key, value] of Object.entries(values)) {
    const option = known.find(({ name }) => name === key);
    if (option === undefined) {
      const names = known.map(({ name }) => name);
      const hint =
        key === "secret"
          ? "A secret does not belong in a config file: use secret-file, or FAUNA_SECRET."
          : key === "passphrase"
            ? "A passphrase does not belong in a config file: use passphrase-file or passphrase-command."
            : didYouMean(key, names, `It may hold: ${list(names)}.`);
      throw new ArkError("ERR_CONFIG", `The config file holds an unknown key: ${prefix}${key}.`, {
        place: path,
        hint,
      });
    }
    parseOption(option, value, `${prefix}${key} in ${path}`);
  }
}

/** Lists of files with keys; a recipient may stand in the place of one. */
const KEY_FILES = ["identity", "encrypt-to"];

/** A file that is named in a config file is looked for beside it. */
function entries(values: Record<string, unknown>, path: string, prefix: string, folder: string) {
  return Object.entries(values).map(([key, value]) => {
    const isFile = key.endsWith("-file") || KEY_FILES.includes(key);
    const written = !isFile
      ? value
      : Array.isArray(value)
        ? value.map((each) => beside(each, folder))
        : beside(value, folder);
    return [key, { written, place: `${prefix}${key} in ${path}` }] as const;
  });
}

function beside(file: unknown, folder: string): unknown {
  return typeof file === "string" && !isAbsolute(file) && !file.startsWith("age1")
    ? join(folder, file)
    : file;
}

function invalid(path: string, key: string, what: string): ArkError {
  return new ArkError("ERR_CONFIG", `In the config file, ${key} ${what}.`, {
    place: path,
    hint: "docs/CLI.md shows the form.",
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.toSorted().join(", ");
}
