/** The routes that say whether the node is there and whose a secret is. */
import { methodNotAllowed, unauthorized } from "./errors.ts";
import { type Answer, type Incoming, jsonAnswer } from "./exchange.ts";
import type { Node } from "./node.ts";

const SCOPES: Readonly<Record<string, string>> = {
  all: "all",
  write: "write",
  global: "write",
  read: "read",
  local: "read",
};

/** `GET /ping?scope=…`: everything is always well here. An unknown scope means `node`. */
export function ping(request: Incoming): Answer {
  if (!isRead(request)) return methodNotAllowed("v4", ["GET"]);
  const scope = SCOPES[request.query.get("scope") ?? "write"] ?? "node";
  return jsonAnswer(200, JSON.stringify({ resource: `Scope ${scope} is OK` }));
}

/** `GET /authorized`: the account (always 0) and the global id of the secret's database. */
export function authorized(node: Node, request: Incoming): Answer {
  if (!isRead(request)) return methodNotAllowed("v4", ["GET"]);
  const answer = node.run(
    request,
    undefined,
    ({ transaction }) =>
      jsonAnswer(200, JSON.stringify({ account: "0", global_id: transaction.database.globalId })),
    () => false,
  );
  return answer ?? unauthorized("v4");
}

function isRead(request: Incoming): boolean {
  return request.method === "GET" || request.method === "HEAD";
}
