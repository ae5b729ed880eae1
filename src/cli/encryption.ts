/** The options that say whom an archive is encrypted for, and what opens one; and the keys that they name. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type Encryption,
  parseIdentities,
  parseRecipients,
  type Unlock,
} from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { OptionSpec } from "./option.ts";
import { findPassphrase, type PassphraseUse } from "./passphrase.ts";
import type { Terminal } from "./terminal.ts";

function passphraseOptions(use: string): readonly OptionSpec[] {
  return [
    {
      name: "passphrase",
      type: "flag",
      summary: `Ask at the terminal for a passphrase ${use}; FAUNA_ARK_PASSPHRASE holds one where nobody can type`,
      callOnly: true,
      takesNoSecret: true,
    },
    {
      name: "passphrase-file",
      type: "text",
      placeholder: "FILE",
      summary: `File that holds a passphrase ${use}`,
    },
    {
      name: "passphrase-command",
      type: "text",
      placeholder: "COMMAND",
      summary: `Command of the shell that prints a passphrase ${use}`,
    },
  ];
}

/** Whom an export encrypts for. */
export const ENCRYPT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "encrypt-to",
    type: "list",
    placeholder: "RECIPIENT",
    summary: "Encrypt the archive for this recipient of age (age1…), or those in this file",
  },
  {
    name: "encrypt-manifest",
    type: "flag",
    summary: "Encrypt the manifest too and give files names that tell nothing",
  },
  ...passphraseOptions("to encrypt the archive with"),
];

/** What opens an encrypted archive. */
export const UNLOCK_OPTIONS: readonly OptionSpec[] = [
  {
    name: "identity",
    type: "list",
    placeholder: "FILE",
    summary: "File with the identities of age that open an encrypted archive",
  },
  ...passphraseOptions("that opens an encrypted archive"),
];

/** The encryption that an export was asked for; undefined when it was asked for none. */
export async function encryptionOf(
  args: Arguments,
  terminal: Terminal,
): Promise<Encryption | undefined> {
  const recipients: string[] = [];
  for (const written of args.list("encrypt-to")) {
    if (written.startsWith("age1")) recipients.push(written);
    else recipients.push(...(await readKeys("--encrypt-to", written, terminal, parseRecipients)));
  }
  const passphrase = await passphraseOf(args, terminal, "encrypt");
  const encryptManifest = args.flag("encrypt-manifest");
  if (recipients.length > 0 || passphrase !== undefined)
    return { recipients, passphrase, encryptManifest };
  if (!encryptManifest) return undefined;
  throw new ArkError("ERR_USAGE", "--encrypt-manifest does not say whom to encrypt for.", {
    place: "--encrypt-manifest",
    hint: "Add --encrypt-to RECIPIENT or a passphrase.",
  });
}

/** The keys that were given for reading. */
export async function unlockOf(args: Arguments, terminal: Terminal): Promise<Unlock> {
  const identities: string[] = [];
  for (const written of args.list("identity"))
    identities.push(...(await readKeys("--identity", written, terminal, parseIdentities)));
  return { identities, passphrase: await passphraseOf(args, terminal, "open") };
}

function passphraseOf(
  args: Arguments,
  terminal: Terminal,
  use: PassphraseUse,
): Promise<string | undefined> {
  const asked = {
    ask: args.flag("passphrase"),
    file: args.text("passphrase-file"),
    command: args.text("passphrase-command"),
  };
  return findPassphrase(asked, terminal, use);
}

async function readKeys(
  flag: string,
  written: string,
  { cwd }: Terminal,
  parse: (text: string, place: string) => string[],
): Promise<string[]> {
  // What was meant as a key must not be printed as the name of a missing file.
  if (/^AGE-(SECRET-KEY|PLUGIN)-/i.test(written)) {
    throw new ArkError("ERR_USAGE", `${flag} was given a secret key itself.`, {
      place: flag,
      hint: "Others on the machine can read argument lists: put the key into a file, name that, and think about a new key.",
    });
  }
  const path = resolve(cwd, written);
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    throw new ArkError("ERR_FILE_ACCESS", `The file of ${flag} cannot be read.`, {
      place: path,
      cause: error,
      hint:
        flag === "--encrypt-to"
          ? "Give a recipient, age1…, or the path of a file that holds recipients."
          : "Give the path of a file as `age-keygen` writes it.",
    });
  }
  return parse(content, path);
}
