import { createHash } from "node:crypto";

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

/** A segment's file: its first id as 19 digits, so that names sort as ids do. */
export function segmentFile(folder: string, firstId: string, extension: string): string {
  return `${folder}${firstId.padStart(19, "0")}.ndjson${extension}`;
}

/** Where the journal keeps the entry of the segment in `file`. */
export function journalFile(file: string): string {
  const stem = file.slice(0, file.indexOf(".ndjson"));
  return `${JOURNAL}${stem.replaceAll("/", ".")}.json`;
}

/** The file of an FSL file of the server's, below the database's folder. */
export function fslFile(
  name: string,
  { staged, taken }: { readonly staged: boolean; readonly taken: ReadonlySet<string> },
): string {
  const stem = name.endsWith(".fsl") ? name.slice(0, -".fsl".length) : name;
  return `schema/${staged ? "fsl-staged" : "fsl"}/${folderName(stem, taken)}.fsl`;
}

export const MANIFEST = "manifest.json";
export const MANIFEST_DIGEST = "manifest.json.sha256";
export const JOURNAL = "journal/";
export const RUN_JOURNAL = "journal/run.json";
