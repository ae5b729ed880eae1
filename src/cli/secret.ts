/** Where a secret may come from: a file, the environment, the keyboard. Never an argument list. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ArkError } from "../errors/errors.ts";
import type { Terminal } from "./terminal.ts";

/** Variables that hold a secret, the first that is set counts. */
export const SECRET_VARIABLES = ["FAUNA_ARK_SECRET", "FAUNA_SECRET"] as const;

export interface SecretOptions {
  /** Variables to look at. */
  readonly variables: readonly string[];
  /** The variable and the flag that an error names. */
  readonly place: string;
  readonly flag: string;
  /** Used before anybody is asked. */
  readonly standIn?: string | undefined;
}

const USUAL: SecretOptions = {
  variables: SECRET_VARIABLES,
  place: "FAUNA_SECRET",
  flag: "--secret-file",
};

/**
 * The file, if one is named; else the environment; else what is typed, where somebody can type.
 * @throws ArkError ERR_USAGE when there is none, ERR_FILE_ACCESS when the file cannot be read.
 */
export async function findSecret(
  file: string | undefined,
  { env, cwd, askSecret }: Terminal,
  endpoint: string,
  { variables, place, flag, standIn }: SecretOptions = USUAL,
): Promise<string> {
  if (file !== undefined) return readSecretFile(resolve(cwd, file), flag);
  for (const name of variables) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== "") return value;
  }
  if (standIn !== undefined) return standIn;
  const typed = (await askSecret?.(`Secret for ${endpoint}: `))?.trim();
  if (typed !== undefined && typed !== "") return typed;
  throw new ArkError("ERR_USAGE", "No secret is given.", {
    place,
    hint: `Set ${place} to an admin secret, or name a file that holds one with ${flag}.`,
  });
}

async function readSecretFile(path: string, flag: string): Promise<string> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    throw new ArkError("ERR_FILE_ACCESS", "The file with the secret cannot be read.", {
      place: path,
      cause: error,
      hint: `Check ${flag} and the file's permissions.`,
    });
  }
  const secret = content.trim();
  if (secret !== "") return secret;
  throw new ArkError("ERR_USAGE", "The file with the secret is empty.", {
    place: path,
    hint: "Put the secret into it, on one line.",
  });
}
