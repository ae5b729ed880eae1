/**
 * What the schema needs of FQL v10: evaluating the expressions inside definitions. The front door
 * joins the two ({@link installLanguage}), for the language itself is built on the schema.
 */
import { ArkError } from "../../errors/errors.ts";
import type { JsonObject } from "../../values/json.ts";
import type { Cluster } from "../data/cluster.ts";
import type { Database } from "../data/database.ts";
import type { Transaction } from "../data/transaction.ts";
import type { Data, DocRef } from "../data/value.ts";
import type { Version } from "../data/version.ts";

export interface Language {
  /**
   * The value of a default or backfill expression, whose source is shown under `name`. May look at the
   * time and make ids, may not read or write. @throws what went wrong, in words (its `message` is shown).
   */
  evaluate(transaction: Transaction, source: string, name?: string): Data;
  /**
   * Whether a document passes a check, with full rights and reading only: true, or what is to be
   * said of it ("Document failed check constraint `x`").
   */
  check(
    transaction: Transaction,
    ref: DocRef,
    version: Version,
    check: { name: string; body: string },
  ): true | string;
  /**
   * The value of a computed field for an index entry; undefined if there is none or it fails. Neither
   * reads nor writes, and is asked outside of any query.
   */
  computed(
    database: Database,
    ref: DocRef,
    version: Version,
    field: { name: string; body: string },
  ): Data | undefined;
  /** A definition as the simple format shows it (`/schema/1/items`). */
  render(transaction: Transaction, ref: DocRef): JsonObject;
}

const languages = new WeakMap<Cluster, Language>();

/** Gives the databases of `cluster` their language; once, before anything is written. */
export function installLanguage(cluster: Cluster, language: Language): void {
  languages.set(cluster, language);
}

/** The language of `cluster`. */
export function languageOf(cluster: Cluster): Language {
  const language = languages.get(cluster);
  if (language === undefined)
    throw new ArkError("ERR_UNEXPECTED", "The emulator's databases have no language.");
  return language;
}
