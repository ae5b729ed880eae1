import { ArkError } from "../errors/errors.ts";

/** Names under which an unfinished write lies beside its target. They are never listed. */
const TEMPORARY = /^\..*\.[0-9a-f]{12}\.tmp$/;

/** Whether the last part of `name` is that of an unfinished write. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name.slice(name.lastIndexOf("/") + 1));
}

/**
 * Returns `name` when it is one that stays inside any store: relative, `/`-separated, no empty, `.`
 * or `..` part, no backslash, colon or control character (they mean something to one system or
 * another), no part over 255 bytes, and not the name of an unfinished write.
 *
 * @throws ArkError ERR_ARCHIVE_UNSAFE
 */
export function safeName(name: string, place?: string): string {
  const reason = unsafe(name);
  if (reason === undefined) return name;
  throw new ArkError("ERR_ARCHIVE_UNSAFE", `the file name ${JSON.stringify(name)} ${reason}`, {
    place,
    hint: "Do not trust this archive: no fauna-ark writes such names.",
  });
}

function unsafe(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.startsWith("/")) return "is absolute";
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f\\:]/.test(name)) return "holds a character that is not safe in names";
  for (const part of name.split("/")) {
    if (part === "") return "has an empty part";
    if (part === "." || part === "..") return "leaves its folder";
    if (Buffer.byteLength(part) > 255) return "has a part of more than 255 bytes";
  }
  if (isTemporary(name)) return "is that of an unfinished write";
  return undefined;
}
