/** Which of a database's content is asked for: documents of some collections, the schema, or both. */
import picomatch from "picomatch";
import { ArkError } from "../errors/errors.ts";

export interface ChoiceOptions {
  /** Globs of the collections whose documents are wanted; all of them by default. The schema is always whole. */
  readonly collections?: readonly string[] | undefined;
  /** Globs of collections whose documents are left out. */
  readonly exclude?: readonly string[] | undefined;
  readonly schemaOnly?: boolean | undefined;
  readonly dataOnly?: boolean | undefined;
}

export interface Choice {
  /** Whether the schema is wanted. */
  readonly schema: boolean;
  /**
   * Those collections whose documents are wanted.
   *
   * @param place the database, for the error.
   * @throws ArkError ERR_USAGE when a glob names no collection: a mistyped name would lose just what was wanted.
   */
  choose<T extends { readonly name: string }>(collections: readonly T[], place: string): T[];
}

/** @throws ArkError ERR_USAGE when options contradict one another. */
export function resolveChoice(options: ChoiceOptions): Choice {
  const { collections: include = [], exclude = [], schemaOnly = false, dataOnly = false } = options;
  if (schemaOnly && dataOnly) {
    throw new ArkError("ERR_USAGE", "Only the schema and only the data cannot both be asked for.", {
      hint: "Leave out schema-only or data-only.",
    });
  }
  const wants = matcher(include, exclude);
  return {
    schema: !dataOnly,
    choose(collections, place) {
      if (schemaOnly) return [];
      const names = collections.map(({ name }) => name);
      const unmatched = include.find((glob) => !names.some(matcher([glob], [])));
      if (unmatched === undefined) return collections.filter(({ name }) => wants(name));
      throw new ArkError("ERR_USAGE", `No collection of ${place} is called ${unmatched}.`, {
        place: unmatched,
        hint: `It holds ${names.slice(0, 20).join(", ") || "no collections"}${names.length > 20 ? ", …" : ""}.`,
      });
    },
  };
}

/** Names are no paths: a `/` is a character like any other, and so is a leading dot. */
const GLOBS = { dot: true, bash: true };

function matcher(include: readonly string[], exclude: readonly string[]) {
  const wanted = include.map((glob) => picomatch(glob, GLOBS));
  const unwanted = exclude.map((glob) => picomatch(glob, GLOBS));
  return (name: string): boolean =>
    (wanted.length === 0 || wanted.some((matches) => matches(name))) &&
    !unwanted.some((matches) => matches(name));
}
