/** Joins the languages: each answers its own requests and is the other's neighbour. */
import type { PredicateTester } from "../auth/roles.ts";
import type { Cluster } from "../data/cluster.ts";
import { QueryFailure, RequestFailure } from "../fql10/failure.ts";
import { decodeToken, tokenTime } from "../fql10/event-token.ts";
import { callV10, testV10 } from "../fql10/calls.ts";
import { evaluateV10, type Neighbours as V10Neighbours, v10Language } from "../fql10/fql10.ts";
import { Context } from "../fql10/interpreter/context.ts";
import { eventSource } from "../fql10/modules/event-source.ts";
import { Query } from "../fql10/query.ts";
import { renderRefusal } from "../fql10/render/answer.ts";
import { parseRequest } from "../fql10/request.ts";
import { renderTagged } from "../fql10/render/json.ts";
import { materialise } from "../fql10/render/materialise.ts";
import {
  callV4Function,
  evaluateV4,
  type Neighbours as V4Neighbours,
  testV4Predicate,
} from "../fql4/fql4.ts";
import { installLanguage } from "../schema/language.ts";
import { answerSchemaCall } from "../schema/routes.ts";
import { poll } from "./feed/poll.ts";
import type { FeedPage, FeedRefusal, Languages, Outcome } from "./languages.ts";

const v4Neighbours: V4Neighbours = {
  callV10: (site, name, source, args) =>
    callV10({ ...site, neighbours: v10Neighbours }, name, source, args),
};

const v10Neighbours: V10Neighbours = {
  callV4: ({ transaction, auth, body, args, at }) => {
    const site = { transaction, auth, at, depth: 0 };
    const result = callV4Function(site, body, args, v4Neighbours);
    switch (result.kind) {
      case "value":
        return result;
      case "error":
        return { kind: "error", messages: [result.message] };
      case "foreign":
        return { kind: "error", messages: [`A ${result.type} cannot leave FQL v4.`] };
    }
  },
};

/** Predicates of roles, in whichever language they are written. */
export const testPredicate: PredicateTester = (transaction, predicate, action, subject, auth) =>
  typeof predicate === "string"
    ? testV10(transaction, predicate, action, subject, auth)
    : testV4Predicate(transaction, predicate, action, subject, auth, v4Neighbours);

/** The languages of the databases of `cluster`. */
export function composeLanguages(cluster: Cluster): Languages {
  installLanguage(cluster, v10Language);
  return {
    v4: (session, text, options) =>
      evaluateV4({ ...session, neighbours: v4Neighbours }, text, options),
    v10: (session, text, { format, queryTags }) =>
      evaluateV10({ ...session, neighbours: v10Neighbours }, { text, format, queryTags }),
    v10BodyRefusal,
    schema: ({ transaction, auth }, request) => answerSchemaCall(transaction, auth, request),
    eventSourceStart: (token) => {
      const ts = tokenTime(token);
      return ts === undefined ? undefined : { ts, ordinal: 0 };
    },
    feed: readFeed,
  };
}

function v10BodyRefusal(text: string): Outcome | undefined {
  try {
    parseRequest(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error;
    return { status: error.status, body: renderRefusal(error) };
  }
}

const readFeed: Languages["feed"] = (
  session,
  { token, from, pageSize },
): FeedPage | FeedRefusal => {
  const query = new Query(session.transaction, v10Neighbours);
  const context = Context.top(query, session.auth).limited({
    most: "read",
    reason: "change feeds requests",
  });
  try {
    const { source, time } = decodeToken(context, token) ?? {};
    if (source === undefined || time === undefined) return { message: "no event source" };
    // Made once more, for this caller: whoever may not read the set may not follow it.
    eventSource(context, source.set, [], ".eventSource()");
    return poll(context, source, from ?? { ts: time, ordinal: 0 }, pageSize, (inside, value) =>
      renderTagged(materialise(inside, value), session.transaction.now),
    );
  } catch (error) {
    if (error instanceof QueryFailure) return { message: error.message };
    throw error;
  }
};
