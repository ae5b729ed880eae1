/** From a closure to what is stored of it. */
import type { Json } from "../../values/json.ts";
import { StoredLambda } from "../data/value.ts";
import { writeLiteral } from "./render/wire.ts";
import type { Session } from "./session.ts";
import { type AnyLambda, LambdaValue } from "./value.ts";

/** `lambda` as it is stored: its version is always written, captured variables become a let. */
export function storeLambda(session: Session, lambda: AnyLambda): StoredLambda {
  if (!(lambda instanceof LambdaValue)) return lambda;
  const { expression, bindings } = lambda;
  const written = expression.writeClosed(bindings, (value) => writeLiteral(session, value));
  return new StoredLambda(
    new Map<string, Json>([
      ["api_version", expression.version],
      ...(written as ReadonlyMap<string, Json>),
    ]),
  );
}
