/** Bindings of indexes: pure functions of a document, evaluated outside of any query. */
import { Auth } from "../../auth/auth.ts";
import type { Database } from "../../data/database.ts";
import type { Binding } from "../../data/shape.ts";
import { Transaction } from "../../data/transaction.ts";
import { type DocRef, StoredLambda } from "../../data/value.ts";
import { V4Failure } from "../failure.ts";
import { type Effect, Frame, PURE } from "../frame.ts";
import type { Grammar } from "../grammar.ts";
import { applyLambda, expressionOf } from "../lambda.ts";
import { ROOT } from "../position.ts";
import { Session } from "../session.ts";
import { DocumentValue } from "../value.ts";
import { LAMBDA_DEFAULT_VERSION } from "../version.ts";
import { toData } from "./store.ts";

/** The most that a stored lambda may do. */
export function effectOf(session: Session, lambda: StoredLambda): Effect {
  return expressionOf(lambda, session).body.effect;
}

/** The value that `lambda` computes of a document; none where it fails. */
export function bindingOf(database: Database, grammar: Grammar, lambda: StoredLambda): Binding {
  return (ref: DocRef, version) => {
    const auth = Auth.builtin("admin", { kind: "root" }, NOBODY);
    const session = new Session(new Transaction(database, version.ts), auth, { grammar });
    const frame = new Frame(session, auth, LAMBDA_DEFAULT_VERSION, {
      effect: PURE,
      reason: "index bindings",
    });
    const document = new DocumentValue(database, ref, version, version.fields);
    try {
      return toData(session, applyLambda(frame, lambda, document, ROOT));
    } catch (error) {
      if (error instanceof V4Failure) return undefined;
      throw error;
    }
  };
}

/** A binding asks nobody. */
const NOBODY = { role: () => undefined, ownerOf: () => undefined, test: () => false };
