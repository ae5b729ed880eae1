/**
 * Who may read an archive. Every file of data and schema is sealed on its own to the archive's recipients, so that
 * the `age` command opens each. A passphrase is not applied to each file, which would cost a second apiece: it seals
 * an identity that was made for this archive, and the files are sealed to its recipient.
 */
import { ArkError } from "../errors/errors.ts";
import {
  newIdentity,
  openerWith,
  type Opener,
  openWithPassphrase,
  recipientsOf,
  SealError,
  type Sealer,
  sealerTo,
  sealWithPassphrase,
} from "./age.ts";
import type { Manifest, RunJournal } from "./manifest.ts";
import { IDENTITY } from "./names.ts";

/** Whom a new archive is sealed for: recipients, a passphrase, or either of them. */
export interface Encryption {
  /** Recipients of age, `age1…`. Whoever writes needs no identity. */
  readonly recipients?: readonly string[] | undefined;
  readonly passphrase?: string | undefined;
  /** Seals the manifest and the journal too, and gives files names that tell nothing. */
  readonly encryptManifest?: boolean | undefined;
  /** The work that trying a passphrase takes: scrypt with N = 2^this; 18 by default, at most 20. */
  readonly workFactor?: number | undefined;
}

/** What opens an encrypted archive. For one that is not encrypted it does nothing. */
export interface Unlock {
  /** Identities of age, `AGE-SECRET-KEY-1…`. */
  readonly identities?: readonly string[] | undefined;
  readonly passphrase?: string | undefined;
}

/** What the manifest says of the encryption. */
export type EncryptionEntry = NonNullable<Manifest["encryption"]>;

export interface Sealing {
  readonly sealer: Sealer;
  readonly entry: EncryptionEntry;
  readonly hidesManifest: boolean;
  /** The archive's own identity, sealed with the passphrase: `identity.age`. */
  readonly identityFile: Uint8Array | undefined;
}

/** @throws ArkError ERR_USAGE when there is nobody to seal for, or a recipient is none. */
export async function prepareSealing(encryption: Encryption): Promise<Sealing> {
  const { passphrase, encryptManifest = false, workFactor } = encryption;
  const recipients = [...new Set(encryption.recipients)];
  await sealerTo(recipients);
  let identityFile: Uint8Array | undefined;
  if (passphrase !== undefined) {
    if (passphrase === "") throw noKey("The passphrase is empty.");
    const identity = await newIdentity();
    recipients.push(...(await recipientsOf([identity])));
    identityFile = await sealWithPassphrase(`${identity}\n`, passphrase, workFactor);
  }
  if (recipients.length === 0) throw noKey("An encrypted archive needs somebody who can read it.");
  return {
    sealer: await sealerTo(recipients),
    entry: { recipients, passphrase: passphrase !== undefined },
    hidesManifest: encryptManifest,
    identityFile,
  };
}

/**
 * As an earlier run began to seal, so that all files have the same readers.
 *
 * @param begun what the run wrote down.
 * @param identityFile its `identity.age`, where it has a passphrase.
 * @returns what is not as it was, in words, instead.
 */
export async function sealingAsBegun(
  encryption: Encryption | undefined,
  begun: NonNullable<RunJournal["encryption"]> | undefined,
  identityFile: Uint8Array | undefined,
): Promise<Sealing | string | undefined> {
  if (begun === undefined) return encryption === undefined ? undefined : "it was not encrypted";
  if (encryption === undefined) return "it was encrypted";
  if (encryption.encryptManifest === true) return "its manifest was not hidden";
  const { recipients } = begun;
  const own: string[] = [];
  if ((encryption.passphrase === undefined) === begun.passphrase)
    return begun.passphrase ? "it had a passphrase" : "it had no passphrase";
  if (encryption.passphrase !== undefined) {
    if (identityFile === undefined) return `its ${IDENTITY} is missing`;
    const identity = await tryPassphrase(identityFile, encryption.passphrase);
    if (identity === undefined) return "it had another passphrase";
    own.push(...(await recipientsOf([identity])));
  }
  const given = new Set([...(encryption.recipients ?? []), ...own]);
  const missing = recipients.filter((each) => !given.has(each));
  const more = [...given].filter((each) => !recipients.includes(each));
  if (missing.length > 0) return `it was encrypted to ${missing.join(", ")} too`;
  if (more.length > 0) return `it was not encrypted to ${more.join(", ")}`;
  const entry = { recipients, passphrase: begun.passphrase };
  return { sealer: await sealerTo(recipients), entry, hidesManifest: false, identityFile };
}

function noKey(message: string): ArkError {
  return new ArkError("ERR_USAGE", message, { hint: "Give recipients (age1…) or a passphrase." });
}

/** Keys that were given for an archive, as far as they can be tried before a file is opened. */
export interface Keys {
  readonly recipients: readonly string[];
  readonly opener: Opener | undefined;
  /** Why there are not more. */
  readonly refusal: string | undefined;
}

/**
 * The keys that `unlock` gives to an archive with this `identity.age`.
 *
 * @throws ArkError ERR_USAGE when an identity is none; SealError when `identity.age` cannot be opened for another
 * reason than the passphrase.
 */
export async function keysFrom(
  { identities: given = [], passphrase }: Unlock,
  identityFile: Uint8Array | undefined,
): Promise<Keys> {
  const identities = [...given];
  let refusal: string | undefined;
  if (given.length > 0) {
    refusal =
      given.length === 1
        ? "the identity is not one it is encrypted for"
        : `none of the ${given.length} identities is one it is encrypted for`;
  }
  if (passphrase !== undefined) {
    if (identityFile === undefined) refusal ??= "it has no passphrase";
    else {
      const own = await tryPassphrase(identityFile, passphrase);
      if (own === undefined) refusal = "the passphrase is wrong";
      else identities.push(own);
    }
  }
  if (identities.length === 0) return { recipients: [], opener: undefined, refusal };
  const recipients = await recipientsOf(identities);
  return { recipients, opener: await openerWith(identities), refusal };
}

async function tryPassphrase(file: Uint8Array, passphrase: string): Promise<string | undefined> {
  try {
    const identity = (await openWithPassphrase(file, passphrase)).trim();
    await recipientsOf([identity]);
    return identity;
  } catch (error) {
    if (error instanceof SealError && error.isOtherKey) return undefined;
    throw error instanceof SealError ? error : new SealError("it holds no identity");
  }
}

/** That the archive cannot be read with what was given. `entry` is undefined where the manifest is hidden. */
export function locked(
  place: string,
  entry: EncryptionEntry | undefined,
  refusal: string | undefined,
): ArkError {
  const recipients = entry?.recipients ?? [];
  const reason = refusal === undefined ? "" : `, and ${refusal}`;
  const readers =
    recipients.length === 0
      ? ""
      : ` It is encrypted to ${recipients.slice(0, 3).join(", ")}${recipients.length > 3 ? ", …" : ""}.`;
  return new ArkError("ERR_ARCHIVE_LOCKED", `the archive is encrypted${reason}`, {
    place,
    hint: `Give a file with the age identity (--identity FILE)${entry?.passphrase === false ? "" : " or the passphrase (--passphrase, --passphrase-file FILE)"}.${readers}`,
    details: { recipients },
  });
}
