/** Where a secret may come from: a file, the environment, the keyboard. Never an argument list. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ArkError } from "../errors/errors.ts";
import type { Terminal } from "./terminal.ts";

/** Variables that hold a secret, the first that is set counts. */
export const SECRET_VARIABLES = ["FAUNA_ARK_SECRET", "FAUNA_SECRET"] as const;

/**
 * The file, if one is named; else the environment; else what is typed, where somebody can type.
 * @throws ArkError ERR_USAGE when there is none, ERR_FILE_ACCESS when the file cannot be read.
 */
export async function findSecret(
  file: string | undefined,
  { env, cwd, askSecret }: Terminal,
  endpoint: string,
): Promise<string> {
  if (file !== undefined) return readSecretFile(resolve(cwd, file));
  for (const name of SECRET_VARIABLES) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== "") return value;
  }
  const typed = (await askSecret?.(`Secret for ${endpoint}: `))?.trim();
  if (typed !== undefined && typed !== "") return typed;
  throw new ArkError("ERR_USAGE", "No secret is given.", {
    place: "FAUNA_SECRET",
    hint: "Set FAUNA_SECRET to an admin secret, or name a file that holds one with --secret-file.",
  });
}

async function readSecretFile(path: string): Promise<string> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    throw new ArkError("ERR_FILE_ACCESS", "The file with the secret cannot be read.", {
      place: path,
      cause: error,
      hint: "Check --secret-file and the file's permissions.",
    });
  }
  const secret = content.trim();
  if (secret !== "") return secret;
  throw new ArkError("ERR_USAGE", "The file with the secret is empty.", {
    place: path,
    hint: "Put the secret into it, on one line.",
  });
}
