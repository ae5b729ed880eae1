import faunadb from "faunadb";
import type { Connection } from "./connection.ts";
import { type DefinitionsOptions, v4Documents } from "./definitions.ts";

const { query: q } = faunadb;

const SETS = {
  credentials: () => q.Credentials(),
  keys: () => q.Keys(),
  tokens: () => q.Tokens(),
} as const;

/**
 * Credentials, keys or tokens at a time, each as v4's `Get` prints it, raw, with its hash: v10 shows none (facts §5.2).
 * Keys for child databases are among those of their parent.
 *
 * @throws ArkError ERR_FORBIDDEN where the secret is none of an admin, ERR_SNAPSHOT_EXPIRED when the time is more than
 * 15 minutes ago, ERR_DATABASE where v4 is switched off.
 */
export async function* secretDocuments(
  connection: Connection,
  kind: keyof typeof SETS,
  options: DefinitionsOptions,
): AsyncGenerator<string> {
  for await (const text of v4Documents(connection, SETS[kind](), options)) {
    // What has expired is still listed.
    if (text !== "null") yield text;
  }
}
