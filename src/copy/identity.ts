/**
 * Which copy an unfinished one in a target is: of which database, at which moment, of which choice. A live source is
 * the same only at the same moment, so that is what the target's mark carries and `--continue` goes on with.
 */
import type { ChoiceOptions } from "../export/choice.ts";

export interface CopyIdentity {
  readonly endpoint: string;
  readonly globalId: string;
  /** The snapshot time, in microseconds. */
  readonly at: bigint;
  /** What was chosen, as text that is the same for the same choice. */
  readonly choice: string;
}

const KIND = "copy of a live database";

export function printIdentity({ at, ...rest }: CopyIdentity): string {
  return JSON.stringify({ kind: KIND, ...rest, at: String(at) });
}

/** What a target's mark says; undefined when it is that of an archive. */
export function parseIdentity(text: string): CopyIdentity | undefined {
  try {
    const { kind, endpoint, globalId, at, choice } = JSON.parse(text) as Record<string, unknown>;
    if (kind !== KIND || typeof endpoint !== "string" || typeof globalId !== "string") {
      return undefined;
    }
    if (typeof at !== "string" || !/^\d{1,19}$/.test(at) || typeof choice !== "string") {
      return undefined;
    }
    return { endpoint, globalId, at: BigInt(at), choice };
  } catch {
    // The digest of an archive is no JSON.
    return undefined;
  }
}

interface CopiedOptions extends ChoiceOptions {
  readonly recursive?: boolean | undefined;
  readonly secrets?: boolean | undefined;
  readonly history?: boolean | undefined;
}

export function printChoice(options: CopiedOptions): string {
  const { collections = [], exclude = [], schemaOnly = false, dataOnly = false } = options;
  const words = [
    ...collections.toSorted().map((glob) => `--collection ${glob}`),
    ...exclude.toSorted().map((glob) => `--exclude ${glob}`),
    ...(schemaOnly ? ["--schema-only"] : []),
    ...(dataOnly ? ["--data-only"] : []),
    ...(options.recursive === true ? ["--recursive"] : []),
    ...(options.secrets === true ? ["--secrets"] : []),
    ...(options.history === true ? ["--history"] : []),
  ];
  return words.length === 0 ? "everything" : words.join(" ");
}
