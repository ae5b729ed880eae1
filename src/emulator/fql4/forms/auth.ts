/** Who is asking: identities, logins, tokens. */
import { NATIVE } from "../../data/ids.ts";
import { DocRef, sameRef } from "../../data/value.ts";
import { boolean, identifier, nothing, object, string } from "../cast.ts";
import { fail, V4Error } from "../failure.ts";
import { type Call, define, type Form } from "../form.ts";
import { type Frame, PURE, READ, WRITE } from "../frame.ts";
import { firstMember } from "../pages.ts";
import type { SetValue } from "../sets/set.ts";
import { DocumentValue, isSet, type Literal, type AnyRef, bare } from "../value.ts";
import { credentialsOf, passwordMatches } from "../write/credentials.ts";
import { takeParams } from "../write/params.ts";
import { createToken } from "../write/token.ts";
import { atLeast } from "../version.ts";

/** The document that an identifier means: itself, or the first member of a set. Never in the past. */
function target(
  value: AnyRef | SetValue,
  name: string,
  { frame, position }: Call,
): DocRef | undefined {
  if (!isSet(value)) return bare(value);
  return firstMember(frame.atTime(undefined), value, position.at(name))?.ref;
}

function login(who: AnyRef | SetValue, params: ReadonlyMap<string, Literal>, call: Call): Literal {
  const { frame, position } = call;
  const { session } = frame;
  const noun = atLeast(frame.version, "2.7") ? "document" : "instance";
  const failed = new V4Error(
    "authentication failed",
    `The ${noun} was not found or provided password was incorrect.`,
    position,
  );
  const ref = target(who, "login", call);
  const password = params.get("password");
  if (ref === undefined || typeof password !== "string") return fail(failed);
  if (!passwordMatches(session, ref, password)) return fail(failed);
  const data = new Map(takeParams(session, params, position));
  data.delete("password");
  data.set("instance", credentialsOf(session, ref)?.version.fields.get("instance") ?? ref);
  const { version, shown, ref: token } = createToken(frame, undefined, data, position);
  return new DocumentValue(session.database, token, version, shown, true);
}

/** The document that the secret belongs to. */
function identityOf(frame: Frame): DocRef | undefined {
  return frame.auth.identity;
}

function currentIdentity({ frame, position }: Call): Literal {
  const identity = identityOf(frame);
  if (identity) return identity;
  const complaint = "Authentication does not contain an identity";
  return fail(new V4Error("missing identity", complaint, position));
}

function tokenOf(frame: Frame): DocRef | undefined {
  const { login: source } = frame.auth;
  if (source.kind === "root") return undefined;
  const ref = new DocRef(source.kind === "key" ? NATIVE.Key : NATIVE.Token, source.id);
  // The key of a child database lives in its parent, where this query does not see it.
  return frame.session.transaction.get(ref) === undefined ? undefined : ref;
}

function currentToken({ frame, position }: Call): Literal {
  const token = tokenOf(frame);
  if (token) return token;
  return fail(new V4Error("invalid token", "Token metadata is not accessible.", position));
}

/** Ends the token that the query came with, or all of its document. */
function logout(all: boolean, { frame }: Call): boolean {
  const { transaction } = frame.session;
  if (!all) {
    if (frame.auth.login.kind !== "token") return false;
    const ref = new DocRef(NATIVE.Token, frame.auth.login.id);
    if (transaction.get(ref) !== undefined) transaction.delete(ref);
    return true;
  }
  const identity = identityOf(frame);
  if (identity === undefined) return false;
  const tokens = Array.from(transaction.documents(NATIVE.Token));
  for (const { ref, version } of tokens) {
    const owner = version.fields.get("instance");
    if (owner instanceof DocRef && sameRef(owner, identity)) transaction.delete(ref);
  }
  return true;
}

const V4 = { since: "4" } as const;

export const authForms: readonly Form[] = [
  define({ identity: nothing }, READ, (_, call) => currentIdentity(call)),
  define({ current_identity: nothing }, READ, (_, call) => currentIdentity(call), V4),
  define({ has_identity: nothing }, READ, (_, { frame }) => identityOf(frame) !== undefined),
  define(
    { has_current_identity: nothing },
    READ,
    (_, { frame }) => identityOf(frame) !== undefined,
    V4,
  ),
  define({ current_token: nothing }, READ, (_, call) => currentToken(call), V4),
  define({ has_current_token: nothing }, PURE, (_, { frame }) => tokenOf(frame) !== undefined, V4),
  define({ identify: identifier, password: string }, READ, (args, call) => {
    const ref = target(args.identify, "identify", call);
    return ref !== undefined && passwordMatches(call.frame.session, ref, args.password);
  }),
  define({ login: identifier, params: object }, WRITE, (args, call) =>
    login(args.login, args.params, call),
  ),
  define({ logout: boolean }, WRITE, (args, call) => logout(args.logout, call)),
];
