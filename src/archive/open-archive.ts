import { createHash } from "node:crypto";
import { ArkError } from "../errors/errors.ts";
import { isMissing, once, readWhole, type Store } from "../store/store.ts";
import { type Opener, SealError, UNSEALED } from "./age.ts";
import { Archive } from "./archive-reader.ts";
import { type EncryptionEntry, type Keys, keysFrom, locked, type Unlock } from "./encryption.ts";
import { readJournal } from "./journal.ts";
import type { Manifest } from "./manifest.ts";
import { digestFile, IDENTITY, MANIFEST, SEALED_MANIFEST } from "./names.ts";
import { parseManifest, refuseNewerManifest } from "./parse-manifest.ts";
import { cannotOpen, problemError } from "./problem.ts";

/**
 * Opens a complete archive by reading its manifest and what unlocks it, and nothing else.
 *
 * An encrypted archive of which the manifest is not hidden opens without a key; its contents then cannot be read.
 *
 * @throws ArkError ERR_ARCHIVE_INCOMPLETE when there is no manifest, with what the journal says was
 * done; ERR_ARCHIVE_CORRUPT when the manifest is not what its digest says, or contradicts itself;
 * ERR_ARCHIVE_VERSION when it is newer than this release; ERR_ARCHIVE_UNSAFE when it names a file
 * outside the archive; ERR_ARCHIVE_LOCKED when the manifest is hidden and no key is given, or the keys that are given
 * are others; ERR_USAGE when an identity is none.
 */
export async function openArchive(store: Store, unlock: Unlock = {}): Promise<Archive> {
  const found = await findManifest(store);
  const { name, bytes, digest, identityFile } = found;
  const isHidden = name === SEALED_MANIFEST;
  const place = `${store.place}/${name}`;
  const needed = isHidden ? undefined : parseManifest(bytes.toString(), place);
  if (needed !== undefined && needed.encryption === undefined) {
    refuseStray(store, needed, identityFile);
    return new Archive({ store, manifest: needed, manifestFile: name, digest, opener: UNSEALED });
  }
  const keys = await keysFor(store, unlock, identityFile);
  const opened = needed ?? (await openManifest(store, bytes, keys));
  const manifest = typeof opened === "string" ? parseManifest(opened, place) : opened;
  refuseStray(store, manifest, identityFile);
  const opener = isHidden ? keys.opener : fitting(store, keys, manifest.encryption!);
  return new Archive({ store, manifest, manifestFile: name, digest, opener });
}

interface FoundManifest {
  readonly name: string;
  readonly bytes: Buffer;
  /** SHA-256 of the stored bytes. */
  readonly digest: string;
  /** `identity.age`, where the digest file lists it. */
  readonly identityFile: Buffer | undefined;
}

/** The largest manifest: more than this makes no text in JavaScript. */
const MANIFEST_BYTES_MAX = 512 * 1024 * 1024 - 32;

/** The largest digest file and `identity.age`, which are a few lines. */
const LINES_BYTES_MAX = 64 * 1024;

/** The manifest or the sealed one, held against its digest. */
async function findManifest(store: Store): Promise<FoundManifest> {
  const plain = await readIfThere(store, MANIFEST);
  const name = plain === undefined ? SEALED_MANIFEST : MANIFEST;
  const bytes = plain ?? (await readIfThere(store, SEALED_MANIFEST));
  if (bytes === undefined) throw await incomplete(store);
  const digest = sha256(bytes);
  const digests = digestFile(name);
  const stated = (await readIfThere(store, digests, LINES_BYTES_MAX))?.toString();
  if (stated === undefined && plain !== undefined)
    refuseNewerManifest(plain.toString(), `${store.place}/${name}`);
  const own = `${digest}  ${name}\n`;
  if (stated === own) return { name, bytes, digest, identityFile: undefined };
  const listed = /^([0-9a-f]{64}) {2}identity\.age\n$/.exec(stated?.slice(own.length) ?? "")?.[1];
  if (stated?.startsWith(own) !== true || listed === undefined) {
    const message =
      stated === undefined
        ? `${digests} is missing`
        : `the manifest's SHA-256 is ${digest}, ${digests} says ${stated.trim().slice(0, 80)}`;
    throw corrupt(store, name, message);
  }
  const identityFile = await readIfThere(store, IDENTITY, LINES_BYTES_MAX);
  if (identityFile === undefined) throw corrupt(store, IDENTITY, "the file is missing");
  const found = sha256(identityFile);
  if (found !== listed)
    throw corrupt(store, IDENTITY, `the file's SHA-256 is ${found}, ${digests} says ${listed}`);
  return { name, bytes, digest, identityFile };
}

/** `identity.age` is there exactly when the manifest says so. */
function refuseStray(
  store: Store,
  { encryption }: Manifest,
  identityFile: Buffer | undefined,
): void {
  if ((encryption?.passphrase === true) === (identityFile !== undefined)) return;
  const message = "what the manifest says of a passphrase and what the digest file lists differ";
  throw corrupt(store, IDENTITY, message);
}

async function keysFor(
  store: Store,
  unlock: Unlock,
  identityFile: Buffer | undefined,
): Promise<Keys> {
  try {
    return await keysFrom(unlock, identityFile);
  } catch (error) {
    if (error instanceof SealError) throw problemError(cannotOpen(error, IDENTITY), store.place);
    throw error;
  }
}

/** The text of a sealed manifest. */
async function openManifest(store: Store, bytes: Buffer, keys: Keys): Promise<string> {
  if (keys.opener === undefined) throw locked(store.place, undefined, keys.refusal);
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of keys.opener.open(once(bytes))) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    if (error.isOtherKey) throw locked(store.place, undefined, keys.refusal);
    throw problemError(cannotOpen(error, SEALED_MANIFEST), store.place);
  }
  return Buffer.concat(chunks).toString();
}

/** What opens the files of an archive that says whom it is sealed to; undefined when no key was given. */
function fitting(store: Store, keys: Keys, entry: EncryptionEntry): Opener | undefined {
  if (keys.opener === undefined && keys.refusal === undefined) return undefined;
  const fits = keys.recipients.some((recipient) => entry.recipients.includes(recipient));
  if (keys.opener === undefined || !fits) throw locked(store.place, entry, keys.refusal);
  return keys.opener;
}

function corrupt(store: Store, file: string, message: string): ArkError {
  return problemError({ code: "ERR_ARCHIVE_CORRUPT", message, file }, store.place);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A file that may be missing. @throws ArkError ERR_ARCHIVE_CORRUPT before it is read when it is too large. */
async function readIfThere(
  store: Store,
  name: string,
  bytesMax = MANIFEST_BYTES_MAX,
): Promise<Buffer | undefined> {
  try {
    const size = (await store.size(name)) ?? 0;
    if (size > bytesMax)
      throw corrupt(store, name, `the file has ${size} bytes, which is too many to be one`);
    return await readWhole(store, name, bytesMax);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function incomplete(store: Store): Promise<ArkError> {
  const { run, segments, sealed } = await readJournal(store);
  const documents = segments.reduce((sum, { segment }) => sum + segment.records, 0);
  const collections = [...new Set(segments.map(({ collection }) => collection))];
  const isEmpty = run === undefined && (await store.list().next()).done === true;
  const done =
    sealed > 0
      ? `${sealed} segments`
      : `${segments.length} segments with ${documents} documents of ${collections.length} collections`;
  const message = isEmpty
    ? "there is no archive here: the place is empty or does not exist"
    : run === undefined
      ? `there is no archive here: ${MANIFEST} is missing`
      : `the export that began at ${run.started} never finished: ${done} were done`;
  return new ArkError("ERR_ARCHIVE_INCOMPLETE", message, {
    place: store.place,
    hint:
      run === undefined
        ? "Check the path."
        : "Go on with it (`fauna-ark export --resume`), or export again into an empty place.",
    details: { started: run?.started, snapshot: run?.snapshot, documents, collections },
  });
}
