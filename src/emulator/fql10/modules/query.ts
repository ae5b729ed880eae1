/** The functions of `Query`: who asks, and of what kind of database. */
import { NATIVE } from "../../data/ids.ts";
import { denied } from "../interpreter/failures.ts";
import { Doc, Null } from "../values.ts";
import { on, type Signature } from "./table.ts";

export const queryFunctions: Readonly<Record<string, Signature<unknown>>> = {
  identity: on([], (context) => {
    const { identity } = context.auth;
    return identity === undefined
      ? Null.element("missing identity", context.span)
      : new Doc(identity.collection, identity.id);
  }),
  token: on([], (context) => {
    const { login } = context.auth;
    return login.kind === "token"
      ? new Doc(NATIVE.Token, login.id)
      : Null.element("no token", context.span);
  }),
  isEnvTypechecked: on([], (context) => context.query.isTypechecked),
  isEnvProtected: on([], (context) => {
    if (context.auth.builtinRole !== "admin") throw denied(context);
    return context.query.isProtected;
  }),
};
