/** A connection to a canned server, for tests of what a client makes of a database's answers. */
import { connect, type Connection, type ConnectOptions } from "../../src/fauna/fauna.ts";
import {
  cannedServer,
  type CannedRequest,
  type CannedServer,
  type Reply,
} from "./canned-server.ts";

export interface CannedDatabase extends AsyncDisposable {
  readonly connection: Connection;
  readonly server: CannedServer;
}

export async function cannedDatabase(
  reply: (request: CannedRequest) => Reply | Promise<Reply>,
  options: Partial<ConnectOptions> = {},
): Promise<CannedDatabase> {
  const server = await cannedServer({ reply });
  const connection = connect({
    endpoint: server.endpoint,
    secret: "fnCannedSecret0123456789",
    timeoutMs: 5_000,
    retry: { attempts: 3, baseMs: 1 },
    ...options,
  });
  return {
    connection,
    server,
    async [Symbol.asyncDispose]() {
      await connection.close();
      await server.close();
    },
  };
}

/** A good v4 answer, its resource given as text. */
export function v4Resource(text: string): Reply {
  return { body: `{"resource":${text}}`, headers: { "x-txn-time": "1795259107540000" } };
}

export function v4Error(status: number, code: string, description: string): Reply {
  return { status, body: JSON.stringify({ errors: [{ position: [], code, description }] }) };
}

/** A good v10 answer, its data given as text. */
export function v10Data(text: string, txnTs = "1795259107540001"): Reply {
  const stats = '"stats":{"compute_ops":1,"read_ops":2,"write_ops":3,"rate_limits_hit":[]}';
  return { body: `{"data":${text},"summary":"","txn_ts":${txnTs},${stats},"schema_version":7}` };
}

export function v10Error(status: number, code: string, message: string, more: object = {}): Reply {
  return {
    status,
    body: JSON.stringify({ error: { code, message, ...more }, summary: `error: ${message}` }),
  };
}
