/** Between Node's requests and responses and ours. */
import { once } from "node:events";
import { type Answer, type Incoming, MAX_BODY_BYTES } from "./exchange.ts";
import type { NodeRequest, NodeResponse } from "./listen.ts";

/** What is left of a body that is too large is read and dropped up to this size, then the connection is cut. */
const MAX_DRAINED_BYTES = 8 * MAX_BODY_BYTES;

/** Reads a request whole; undefined if the client went away meanwhile. */
export async function readRequest(request: NodeRequest): Promise<Incoming | undefined> {
  const startedAt = performance.now();
  const body = await readBody(request);
  if (body === undefined) return undefined;
  const [path, query] = splitOnce(request.url ?? "/", "?");
  return {
    method: request.method ?? "GET",
    path,
    query: new URLSearchParams(query),
    headers: firstOfEach(request.headers),
    body,
    startedAt,
  };
}

async function readBody(request: NodeRequest): Promise<Buffer | "too large" | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
      else chunks.length = 0;
      if (size > MAX_DRAINED_BYTES) break;
    }
  } catch {
    return undefined;
  }
  return size > MAX_BODY_BYTES ? "too large" : Buffer.concat(chunks);
}

/**
 * Sends an answer; an answer in pieces ends when its source does or the client leaves, and waits for a
 * client that does not keep up.
 */
export async function sendAnswer(response: NodeResponse, answer: Answer): Promise<void> {
  const headers: Record<string, string> = { ...answer.headers };
  if (typeof answer.body === "string" || Buffer.isBuffer(answer.body)) {
    const bytes = typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body;
    if (answer.status !== 204) headers["content-length"] = String(bytes.length);
    writeHead(response, answer.status, headers);
    end(response, answer.status === 204 ? undefined : bytes);
    return;
  }
  writeHead(response, answer.status, headers);
  response.socket?.setTimeout(0);
  const pieces = answer.body[Symbol.asyncIterator]();
  const left = once(response, "close").then(() => "left" as const);
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- pieces are sent in their order
    const next = await Promise.race([pieces.next(), left]);
    if (next === "left" || next.done === true) break;
    // eslint-disable-next-line no-await-in-loop -- the same
    if (!write(response, next.value)) await Promise.race([once(response, "drain"), left]);
  }
  void pieces.return?.();
  end(response, undefined);
}

// The two kinds of response have the same methods, but no common type that TypeScript can call.
function writeHead(response: NodeResponse, status: number, headers: Record<string, string>): void {
  if ("stream" in response) response.writeHead(status, headers);
  else response.writeHead(status, headers);
}

/** False if the client is behind with reading. */
function write(response: NodeResponse, text: string): boolean {
  return "stream" in response ? response.write(text) : response.write(text);
}

function end(response: NodeResponse, bytes: Buffer | undefined): void {
  if (bytes === undefined) response.end();
  else if ("stream" in response) response.end(bytes);
  else response.end(bytes);
}

function firstOfEach(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
