import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Encryption, parseIdentities, type Unlock } from "../../src/archive/archive.ts";

/** A key for tests; it protects nothing. */
export const TEST_IDENTITY_FILE = join(
  import.meta.dirname,
  "../fixtures/age/test-only-identity.txt",
);

const text = readFileSync(TEST_IDENTITY_FILE, "utf8");
export const TEST_IDENTITY = parseIdentities(text, TEST_IDENTITY_FILE)[0]!;
export const TEST_RECIPIENT = /age1\w+/.exec(text)![0];

/** Another one, which opens nothing that is sealed for the first. */
export const OTHER_IDENTITY =
  "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

/** Little work for a passphrase, so that tests are fast. */
const WORK_FACTOR = 2;

export const PASSPHRASE = "correct horse battery staple";

/** A way to encrypt, and to open again. */
export interface Way {
  readonly name: string;
  readonly encryption: Encryption;
  readonly unlock: Unlock;
}

export const recipients = { recipients: [TEST_RECIPIENT] };
export const passphrase = { passphrase: PASSPHRASE, workFactor: WORK_FACTOR };
export const identity = { identities: [TEST_IDENTITY] };
export const ways: readonly Way[] = [
  { name: "for recipients", encryption: recipients, unlock: identity },
  { name: "with a passphrase", encryption: passphrase, unlock: { passphrase: PASSPHRASE } },
  {
    name: "for recipients, manifest and all",
    encryption: { ...recipients, encryptManifest: true },
    unlock: identity,
  },
  {
    name: "with a passphrase, manifest and all",
    encryption: { ...passphrase, encryptManifest: true },
    unlock: { passphrase: PASSPHRASE },
  },
  {
    name: "for both, opened by the identity",
    encryption: { ...recipients, ...passphrase },
    unlock: { ...identity, passphrase: "another" },
  },
];

/** A copy with one bit turned. */
export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = copy[at]! ^ 1;
  return copy;
}

/** Whether the `age` command is installed; says so where it is not. */
export function ageInstalled(): boolean {
  try {
    execFileSync("age", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("the age command is not installed: what it opens and writes is not tested here");
    return false;
  }
}
