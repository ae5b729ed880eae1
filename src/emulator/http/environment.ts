/** `GET /environment/1`: names and types of a database, for editors. */
import { refusal, unauthorized } from "./errors.ts";
import type { Answer, Incoming } from "./exchange.ts";
import type { Node } from "./node.ts";

const KEY_REQUIRED = "A valid admin/server key must be provided to use this endpoint";

/** Refuses: without a valid secret or role as the server does, otherwise because it is not emulated. */
export function answerEnvironment(node: Node, request: Incoming): Answer {
  const answer = node.run(
    request,
    undefined,
    ({ auth }) =>
      auth.builtinRole === "admin" || auth.builtinRole === "server"
        ? refusal("environment", "not_found", "The emulator does not describe environments.")
        : refusal("environment", "forbidden", KEY_REQUIRED),
    () => false,
  );
  return answer ?? unauthorized("environment");
}
