/** The routes that say whether the node is there and whose a secret is. */
import { methodNotAllowed, unauthorized } from "./errors.ts";
import { type Answer, type Incoming, jsonAnswer } from "./exchange.ts";
import type { Service } from "./service.ts";

const SCOPES: Readonly<Record<string, string>> = {
  all: "all",
  write: "write",
  global: "write",
  read: "read",
  local: "read",
};

/** `GET /ping?scope=…`: everything is always well here. An unknown scope means `node`. */
export function ping(request: Incoming): Answer {
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed("v4", ["GET"]);
  const scope = SCOPES[request.query.get("scope") ?? "write"] ?? "node";
  return jsonAnswer(200, JSON.stringify({ resource: `Scope ${scope} is OK` }));
}

/** `GET /authorized`: the account (always 0) and the global id of the secret's database. */
export function authorized(service: Service, request: Incoming): Answer {
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed("v4", ["GET"]);
  const globalId = service.globalIdFor(request.headers.authorization);
  if (globalId === undefined) return unauthorized("v4");
  return jsonAnswer(200, JSON.stringify({ account: "0", global_id: globalId }));
}
