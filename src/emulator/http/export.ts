/**
 * `/export/1/{id}`: Fauna's export to the disk of its own node. The emulator has no such disk and
 * refuses, in the words of a node whose `export_path` is not set.
 */
import { forbidden, methodNotAllowed, notFound, refusal, unauthorized } from "./errors.ts";
import type { Answer, Incoming } from "./exchange.ts";
import type { Node } from "./node.ts";

const WITH_ID = /^\/export\/1\/[^/]+$/;

/** Answers a request below `/export/1` whose body is not too large. */
export function answerExport(node: Node, request: Incoming): Answer {
  const answer = node.run(
    request,
    undefined,
    ({ auth }) => {
      if (auth.builtinRole === undefined || auth.builtinRole === "client")
        return forbidden("export");
      if (!WITH_ID.test(request.path)) return notFound("export");
      switch (request.method) {
        case "PUT":
          return refusal("export", "invalid_request", "export_path not configured");
        case "GET":
        case "DELETE":
          return notFound("export");
        default:
          return methodNotAllowed("export", ["PUT", "GET", "DELETE"]);
      }
    },
    () => false,
  );
  return answer ?? unauthorized("export");
}
