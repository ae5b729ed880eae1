import { createHash, randomBytes } from "node:crypto";

const BYTES_MAX = 80;

/** Names that Windows keeps for devices, whatever follows a dot. */
const DEVICES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/**
 * The folder (or file stem) in which something of this name is kept.
 *
 * The lower-cased name without what is not `a-z 0-9 _ -`, at most 80 bytes; whenever that differs
 * from the name, `~` and the first 8 hex digits of the name's SHA-256 follow, so that `User` and
 * `user` are two folders on every file system. Should a folder be `taken`, more digits follow.
 */
export function folderName(name: string, taken: ReadonlySet<string> = new Set()): string {
  const kept = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "")
    .replace(/^-+/, "")
    .slice(0, BYTES_MAX);
  const isSame = kept === name && kept !== "" && !DEVICES.test(kept);
  if (isSame && !taken.has(kept)) return kept;
  const digest = createHash("sha256").update(name).digest("hex");
  for (let digits = 8; digits < digest.length; digits += 8) {
    const folder = `${kept}~${digest.slice(0, digits)}`;
    if (!taken.has(folder)) return folder;
  }
  return `${kept}~${digest}`;
}

/** How what an archive holds becomes names of files and folders. */
export interface Naming {
  /** The folder of a collection or database. */
  folder(name: string, taken: ReadonlySet<string>): string;
  /** What a schema file is called before its first dot. */
  schema(name: string, taken: ReadonlySet<string>): string;
  /** What a segment is called before its first dot. */
  segment(firstId: string): string;
}

/** Names that tell people what is in a file. Segments sort as their first ids do, which have 19 digits at most. */
export const TELLING: Naming = {
  folder: folderName,
  schema: folderName,
  segment: (firstId) => firstId.padStart(19, "0"),
};

/**
 * Names that tell nothing. They are drawn, not hashed: a hash would let everybody test whether a name that they can
 * guess is there.
 */
export const HIDING: Naming = { folder: drawn, schema: drawn, segment: drawn };

function drawn(): string {
  return randomBytes(12).toString("hex");
}

/** Where the journal keeps the entry of the segment in `file`. */
export function journalFile(file: string): string {
  const stem = file.slice(0, file.indexOf(".ndjson"));
  return `${JOURNAL}${stem.replaceAll("/", ".")}.json`;
}

/** Where the journal keeps that the collection in `folder` has no documents from an id on. */
export function journalFileOfNone(folder: string, from: string): string {
  return `${JOURNAL}${folder.replaceAll("/", ".")}${TELLING.segment(from)}.none.json`;
}

export const MANIFEST = "manifest.json";
/** Takes the manifest's place where it is hidden. */
export const SEALED_MANIFEST = "manifest.json.age";
/** The identity that a passphrase opens. */
export const IDENTITY = "identity.age";

/** The file that holds the digest of a manifest, and of what else is needed to open the archive. */
export function digestFile(manifest: string): string {
  return `${manifest}.sha256`;
}

/** What an export has raised `history_days` from, until they are back. */
export const RAISED_HISTORY = "raised-history.json";

/** Where the journal keeps which run may write, see `lock.ts`. */
export function lockFile(number: number): string {
  return `${JOURNAL}lock-${number}.json`;
}

/** The number of a lock's file; undefined when `name` is that of another. */
export function lockNumber(name: string): number | undefined {
  const digits = /^journal\/lock-([1-9][0-9]{0,8})\.json$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function isLockFile(name: string): boolean {
  return lockNumber(name) !== undefined;
}

export const JOURNAL = "journal/";
export const RUN_JOURNAL = "journal/run.json";
