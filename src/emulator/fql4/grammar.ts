/** What evaluating needs of the parser: lambdas that were stored, or stand in literals, are parsed when they are met. */
import type { LambdaExpression } from "./expression.ts";
import type { Form } from "./form.ts";
import type { Position } from "./position.ts";
import type { Session } from "./session.ts";
import type { ObjectLiteral } from "./value.ts";
import type { ApiVersion } from "./version.ts";

export interface Grammar {
  /** The form that takes exactly these arguments in this version. */
  findForm(input: ObjectLiteral, version: ApiVersion): Form | undefined;
  /** A lambda that stands for itself; undefined if it uses variables that are not its own. */
  parseClosedLambda(
    session: Session,
    input: ObjectLiteral,
    version: ApiVersion,
    position: Position,
  ): LambdaExpression | undefined;
  /** A lambda as it was stored, and whether parsing it looked up any reference. */
  parseStoredLambda(
    session: Session,
    input: ObjectLiteral,
  ): { readonly expression: LambdaExpression; readonly resolvedRefs: boolean };
}
