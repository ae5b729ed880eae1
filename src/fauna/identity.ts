import type { JsonObject } from "../values/json.ts";
import { parseObject, requireJson, stringOf } from "./answer.ts";
import type { CallOptions, Connection } from "./connection.ts";
import type { Answer } from "./transport.ts";
import { faunaCode, faunaStatus, isV4Disabled, schemaRefusal, v4Refusal } from "./refusal.ts";

export interface Identity {
  /** The database's own id, the same whichever secret opens it. */
  readonly globalId: string;
  readonly account: string;
}

/** What a secret may do, as far as it matters here. `limited`: client, custom roles and document tokens. */
export type Rights = "admin" | "server" | "server-readonly" | "limited";

type Options = Pick<CallOptions, "signal">;

/** Which database a connection opens. @throws ArkError ERR_UNAUTHORIZED when none. */
export function identity(connection: Connection, options: Options = {}): Promise<Identity> {
  const request = { method: "GET", path: "/authorized", idempotent: true, ...options } as const;
  return connection.ask(request, (answer, place) => {
    const body = readObject(answer, place);
    return {
      globalId: stringOf(body.get("global_id"), "global_id", place),
      account: stringOf(body.get("account"), "account", place),
    };
  });
}

function readObject(answer: Answer, place: string): JsonObject {
  if (answer.status >= 300) throw v4Refusal(answer, place);
  requireJson(answer, place);
  return parseObject(answer.text, place);
}

/**
 * What the connection's secret may do, found by asking for what only some may see, and by a write that takes
 * itself back.
 */
export async function rights(connection: Connection, options: Options = {}): Promise<Rights> {
  // Only these see the schema's files. Sets are no sign: where something may not be read, they can just be empty.
  if (!(await seesSchema(connection, options))) return "limited";
  const calls = { idempotent: true, ...options };
  const v4 = (query: string) => allowed(() => connection.v4(query, calls));
  try {
    if (await v4('{"paginate":{"keys":null},"size":1}')) return "admin";
    // An aborted transaction leaves nothing; one that is not allowed does not come as far as the abort.
    const probe =
      '{"do":[{"create_collection":{"object":{"name":"fauna_ark_probe"}}},{"abort":"probe"}]}';
    return (await v4(probe)) ? "server" : "server-readonly";
  } catch (error) {
    if (!isV4Disabled(error)) throw error;
  }
  const v10 = (query: string) =>
    allowed(() => connection.v10(query, { ...calls, typecheck: false }));
  if (await v10('Key.create({ role: "client" })\nabort("probe")')) return "admin";
  const probe = 'Collection.create({ name: "fauna_ark_probe" })\nabort("probe")';
  return (await v10(probe)) ? "server" : "server-readonly";
}

function seesSchema(connection: Connection, options: Options): Promise<boolean> {
  const request = { method: "GET", path: "/schema/1/files", idempotent: true, ...options } as const;
  return connection.ask(request, (answer, place) => {
    if (answer.status === 403) return false;
    if (answer.status >= 300) throw schemaRefusal(answer, place);
    return true;
  });
}

/** Whether a request gets past the database's permissions, however it ends after that. */
async function allowed(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    const code = faunaCode(error);
    if (
      code === "permission denied" ||
      code === "permission_denied" ||
      faunaStatus(error) === 403
    ) {
      return false;
    }
    // Staged schemas and clashing names are noticed only where the write itself was allowed.
    if (faunaStatus(error) === 400) return true;
    throw error;
  }
}

/** Whether the endpoint is up. @throws ArkError when it is not, or is not a Fauna. */
export async function ping(connection: Connection, options: Options = {}): Promise<void> {
  const request = {
    method: "GET",
    path: "/ping?scope=write",
    idempotent: true,
    ...options,
  } as const;
  await connection.ask(request, readObject);
}

/**
 * A moment, in microseconds, at which everything that was committed before this call can be read: a linearized
 * read's own time.
 */
export async function snapshotTime(connection: Connection, options: Options = {}): Promise<bigint> {
  const { txnTs } = await connection.v10("0", { linearized: true, idempotent: true, ...options });
  return txnTs;
}
