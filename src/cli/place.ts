import { isAbsolute, resolve } from "node:path";
import type { Terminal } from "./terminal.ts";

/** An archive's place as it was written, with paths taken from the terminal's working folder. */
export function placeIn({ cwd }: Pick<Terminal, "cwd">, written: string): string {
  const isUrl = /^[a-z][a-z0-9+.-]+:/i.test(written);
  return isUrl || isAbsolute(written) || cwd === process.cwd() ? written : resolve(cwd, written);
}
