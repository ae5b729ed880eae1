/** Joins the languages: each answers its own requests and is the other's neighbour. */
import type { Languages, Outcome } from "./languages.ts";

const missing = (what: string): Outcome => ({
  status: 500,
  body: JSON.stringify({ error: { code: "internal_error", message: `${what} is not there yet` } }),
});

export function composeLanguages(): Languages {
  return {
    v4: () => missing("FQL v4"),
    v10: () => missing("FQL v10"),
    schema: () => missing("schema"),
    eventSourceStart: () => undefined,
    feed: () => ({ message: "no feeds yet" }),
  };
}

/** Predicates of roles, in whichever language they are written. */
export const testPredicate = (): boolean => false;
