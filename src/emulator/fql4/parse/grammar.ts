/** The grammar of v4: the parser, and the table of forms. */
import { findForm } from "../forms/forms.ts";
import type { Grammar } from "../grammar.ts";
import { parseClosedLambda, parseStoredLambda } from "./parser.ts";

export const GRAMMAR: Grammar = { findForm, parseClosedLambda, parseStoredLambda };
