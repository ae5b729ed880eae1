/** Functions from the text of definitions. */
import { parseLambda } from "../parser/parser.ts";
import type { Source } from "../source.ts";
import { Lambda } from "../values.ts";

/**
 * The function that a definition's body spells; it closes over nothing but the database's names.
 * @throws QueryFailure `invalid_query`
 */
export function compileLambda(source: Source): Lambda {
  const { params, rest, body } = parseLambda(source);
  return new Lambda(params, rest, body, undefined);
}
