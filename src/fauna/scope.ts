import faunadb from "faunadb";
import { ArkError } from "../errors/errors.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { identity } from "./identity.ts";
import { isV4Disabled } from "./refusal.ts";
import { parsePath, parseRole } from "./secret.ts";

const { query: q } = faunadb;

/**
 * The same key, in a database below this connection's and in a role, checked before use: Fauna ignores a scope that
 * it does not understand, and would let the key into its own database with all its rights (live 26).
 *
 * @param path names joined by `/`, from this connection's database downward; empty for the database itself.
 * @param role one of the four built-in roles, or `@role/NAME`.
 * @throws ArkError ERR_USAGE for a path or role that Fauna would misread, ERR_UNAUTHORIZED when there is no such
 * database or role, ERR_FORBIDDEN when this connection's own role may not change scope.
 */
export async function scoped(
  connection: Connection,
  path: string,
  role: string = "admin",
  options: Pick<CallOptions, "signal"> = {},
): Promise<Connection> {
  const below = parsePath(path);
  const wanted = parseRole(role);
  const own = connection.scope;
  if (own.role !== undefined && own.role !== "admin") {
    throw new ArkError(
      "ERR_FORBIDDEN",
      `A secret in the role ${own.role} cannot be scoped further.`,
      {
        place: connection.place,
        hint: "Start from an admin secret.",
      },
    );
  }
  const expected = await globalIdOf(connection, below, options);
  const scope = { path: [...own.path, ...below], role: wanted };
  const inner = connection.withScope(scope);
  const { globalId } = await identity(inner, options);
  if (globalId === expected) return inner;
  throw new ArkError(
    "ERR_UNAUTHORIZED",
    "The scoped secret opens another database than the one it names.",
    {
      place: inner.place,
      hint: "Nothing was read or written. Check the path and the role.",
      details: { path: inner.path, role: wanted },
    },
  );
}

/** The global id of a database below, as each one's parent records it. */
async function globalIdOf(
  connection: Connection,
  below: readonly string[],
  options: Pick<CallOptions, "signal">,
): Promise<string> {
  if (below.length === 0) return (await identity(connection, options)).globalId;
  const parent =
    below.length === 1
      ? connection
      : connection.withScope({
          path: [...connection.scope.path, ...below.slice(0, -1)],
          role: "admin",
        });
  const name = below.at(-1)!;
  const id = await recordedGlobalId(parent, name, options);
  if (id !== undefined) return id;
  throw new ArkError("ERR_UNAUTHORIZED", `There is no database ${below.join("/")}.`, {
    place: connection.place,
    hint: "Check the path; names are separated by slashes.",
  });
}

async function recordedGlobalId(
  parent: Connection,
  name: string,
  options: Pick<CallOptions, "signal">,
): Promise<string | undefined> {
  try {
    const database = q.Database(name);
    const query = q.If(q.Exists(database), q.Select("global_id", q.Get(database)), null);
    const answer = await parent.v4(query, { idempotent: true, ...options });
    return /^\{"resource":"([^"\\]+)"\}$/.exec(answer.text.trim())?.[1];
  } catch (error) {
    if (!isV4Disabled(error)) throw error;
    const answer = await parent.v10("Database.byName(name)?.global_id", {
      arguments: { name: JSON.stringify(name) },
      idempotent: true,
      ...options,
    });
    return /^"([^"\\]+)"$/.exec(answer.dataText)?.[1];
  }
}
