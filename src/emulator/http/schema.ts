/** `/schema/1/…`: what comes before the operations themselves. */
import { DataError } from "../data/errors.ts";
import { forbidden, refusal, unauthorized } from "./errors.ts";
import { type Answer, type Incoming, jsonAnswer } from "./exchange.ts";
import type { Languages, SchemaRequest } from "./languages.ts";
import { parseMultipart, type Part } from "./multipart.ts";
import type { Node } from "./node.ts";

const PREFIX = "/schema/1";

/** Answers a request below `/schema/1` whose body is not too large. */
export function answerSchema(node: Node, languages: Languages, request: Incoming): Answer {
  const type = request.headers["content-type"] ?? "";
  let files: Part[] | undefined;
  if (/^multipart\//i.test(type) && request.body.length > 0) {
    files = parseMultipart(type, request.body as Buffer);
    if (files === undefined) {
      return refusal("schema", "invalid_request", "Request is not a valid multipart request");
    }
  }
  const schemaRequest: SchemaRequest = {
    method: request.method,
    path: segmentsOf(request.path.slice(PREFIX.length)),
    params: request.query,
    files,
    body: files === undefined ? request.body.toString("utf8") : "",
  };
  try {
    const outcome = node.run(
      request,
      undefined,
      (session) =>
        session.auth.maySchema("read")
          ? languages.schema(session, schemaRequest)
          : forbidden("schema"),
      ({ status }) => status < 400,
    );
    if (outcome === undefined) return unauthorized("schema");
    return "headers" in outcome ? outcome : jsonAnswer(outcome.status, outcome.body);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return refusal("schema", "invalid_request", error.message);
  }
}

/** Decoded segments; one that cannot be decoded stays as it is and names nothing. */
function segmentsOf(path: string): string[] {
  return path
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => {
      try {
        return decodeURIComponent(segment);
      } catch {
        return segment;
      }
    });
}
