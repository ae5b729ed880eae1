/** The databases of a source, each with the one of its path in a target that has them already. */
import { ArkError } from "../../errors/errors.ts";
import type { Connection } from "../../fauna/fauna.ts";
import { findChild } from "../children.ts";
import type { ImportSource } from "../source.ts";

export interface MergePart {
  /** Names from the topmost database down; none for itself. */
  readonly path: readonly string[];
  readonly source: ImportSource;
  readonly target: Connection;
}

/**
 * The topmost database, then those below, each after its parent.
 *
 * @throws ArkError ERR_SCHEMA naming databases that the target does not have.
 */
export async function mergeParts(
  source: ImportSource,
  target: Connection,
  signal: AbortSignal,
): Promise<MergePart[]> {
  const parts: MergePart[] = [{ path: [], source, target }];
  const missing: string[] = [];
  for (const { path, source: below } of source.children ?? []) {
    const above = parts.find((each) => keyOf(each.path) === keyOf(path.slice(0, -1)));
    const found = above && (await findChild(above.target, path.at(-1)!, signal));
    if (found === undefined) missing.push(path.join("/"));
    else parts.push({ path, source: below, target: found });
  }
  if (missing.length === 0) return parts;
  throw new ArkError(
    "ERR_SCHEMA",
    `The target lacks databases that the source has: ${missing.join(", ")}.`,
    {
      place: target.place,
      hint: "Import these into empty databases first, or leave all below out with --top-only.",
      details: { databases: missing },
    },
  );
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}
