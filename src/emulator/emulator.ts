/**
 * The emulator: a Fauna-compatible server inside the process, in memory, with nothing to install.
 *
 * ```ts
 * import { afterAll, beforeAll, expect, test } from "vitest";
 * import { Client, fql } from "fauna";
 * import { startEmulator, type Emulator } from "fauna-ark/emulator";
 *
 * let emulator: Emulator;
 * let client: Client;
 *
 * beforeAll(async () => {
 *   emulator = await startEmulator();
 *   client = new Client({ endpoint: new URL(emulator.endpoint), secret: emulator.secret });
 * });
 * afterAll(async () => {
 *   client.close();
 *   await emulator.close();
 * });
 *
 * test("a product can be created", async () => {
 *   await client.query(fql`Collection.create({ name: "Product" })`);
 *   const { data } = await client.query(fql`Product.create({ name: "cup", price: 7 })`);
 *   expect(data).toMatchObject({ name: "cup", price: 7 });
 * });
 * ```
 *
 * It speaks FQL v10 and v4, schema files (FSL) and event feeds over HTTP/1.1 and HTTP/2; what it does
 * not do like Fauna is listed in `docs/EMULATOR.md`.
 */
import type { Socket } from "node:net";
import { Cluster } from "./data/cluster.ts";
import { systemClock } from "./data/clock.ts";
import { Exports } from "./export/export.ts";
import { composeLanguages, testPredicate } from "./http/compose.ts";
import type { Faults } from "./http/faults.ts";
import { createHandler, type Handler } from "./http/handler.ts";
import { listen, type NodeRequest, type NodeResponse } from "./http/listen.ts";
import { Node } from "./http/node.ts";
import { readRequest, sendAnswer } from "./http/wire.ts";

export type { Fault, FaultRequest, Faults } from "./http/faults.ts";

export interface EmulatorOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** `127.0.0.1` unless told otherwise. */
  readonly host?: string;
  /** The root secret, with admin rights on everything; `secret` unless told otherwise. */
  readonly secret?: string;
  /** The time in µs since 1970; the computer's unless told otherwise. Need not be monotonic: transactions are. */
  readonly clock?: () => bigint;
  /** Takes a line about every unexpected failure inside; never a secret. */
  readonly log?: (line: string) => void;
  /** The folder that `/export/1` writes to, as a node's `export_path`; without it exports are refused. */
  readonly exportPath?: string;
  /** Makes chosen requests late, fail or break off; for tests of clients. */
  readonly faults?: Faults;
}

export interface Emulator {
  /** `http://host:port`, as drivers take it. */
  readonly endpoint: string;
  readonly secret: string;
  readonly port: number;
  /** Ends every connection and frees the port. What the databases held is gone. May be called twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts an empty emulator. Fails with ERR_ENDPOINT if the port is taken. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, host = "127.0.0.1", secret = "secret" } = options;
  const clock = options.clock ?? systemClock;
  const cluster = new Cluster({ now: clock });
  const exports =
    options.exportPath === undefined
      ? undefined
      : new Exports(cluster, options.exportPath, testPredicate);
  const node = new Node({ cluster, secret, clock, testPredicate, log: options.log, exports });
  const handler = createHandler(node, composeLanguages(cluster), options.faults);
  const listener = await listen({ host, port }, (request, response) => {
    converse(handler, request, response).catch((error: unknown) => {
      node.log(error);
      cut(request);
    });
  });
  const close = async (): Promise<void> => {
    await listener.close();
    await exports?.close();
  };
  return {
    endpoint: `http://${host.includes(":") ? `[${host}]` : host}:${String(listener.port)}`,
    secret,
    port: listener.port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function converse(
  handler: Handler,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  request.on("error", () => response.destroy());
  response.on("error", () => response.destroy());
  const incoming = await readRequest(request);
  if (incoming === undefined) return;
  // What is silence from here on is the emulator's own, not the client's.
  if (!("stream" in request)) (request.socket as Socket | null)?.setTimeout(0);
  const answer = await handler(incoming);
  if (answer === undefined) cut(request);
  else await sendAnswer(response, answer);
}

/** Ends the connection that a request came on, and with it every other request there. */
function cut(request: NodeRequest): void {
  // Node's HTTP/2 may be in the middle of reading, and corrupts its memory when it is destroyed under it.
  if ("stream" in request) setImmediate(() => request.stream?.session?.destroy());
  // A request that has ended has let go of its connection, whatever its type says.
  else (request.socket as Socket | null)?.destroy();
}
