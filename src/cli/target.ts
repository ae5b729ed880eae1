/** The database that is written to: the secret's own, a child of it, or one that is created. */
import { ArkError, isArkError } from "../errors/errors.ts";
import { type Connection, identity, scoped } from "../fauna/fauna.ts";
import { createDatabase } from "../import/import.ts";
import type { Arguments } from "./arguments.ts";
import type { OptionSpec } from "./option.ts";
import type { Terminal } from "./terminal.ts";

export const CREATE_OPTIONS: readonly OptionSpec[] = [
  { name: "create", type: "flag", summary: "Create that child database", callOnly: true },
  {
    name: "typechecked",
    type: "choice",
    choices: ["true", "false"],
    summary: "Whether the created database checks types",
    callOnly: true,
  },
];

/** @param flag the option that names the database. */
export function refuseUnclearTarget(args: Arguments, path: string | undefined, flag: string): void {
  const create = args.flag("create");
  if (create && path === undefined) {
    throw new ArkError("ERR_USAGE", "--create needs the name of the database to create.", {
      place: "--create",
      hint: `Add ${flag} NAME.`,
    });
  }
  if (!create && args.text("typechecked") !== undefined) {
    throw new ArkError("ERR_USAGE", "--typechecked is for a database that is created.", {
      place: "--typechecked",
      hint: "Add --create, or leave it out.",
    });
  }
}

/** The database to write to; with `--create` it is made unless it is there. */
export async function openTarget(
  args: Arguments,
  { signal }: Terminal,
  connection: Connection,
  path: string | undefined,
): Promise<Connection> {
  if (path === undefined) return connection;
  if (!args.flag("create")) return scoped(connection, path, "admin", { signal });
  const cut = path.lastIndexOf("/");
  const parent =
    cut < 0 ? connection : await scoped(connection, path.slice(0, cut), "admin", { signal });
  const typechecked = args.text("typechecked");
  return createDatabase(parent, path.slice(cut + 1), {
    signal,
    typechecked: typechecked === undefined ? undefined : typechecked === "true",
  });
}

/** The target of a dry run: with `--create` it need not be there. */
export async function findTarget(
  args: Arguments,
  { signal }: Terminal,
  connection: Connection,
  path: string | undefined,
): Promise<Connection | { readonly place: string }> {
  if (path === undefined) return connection;
  await identity(connection, { signal });
  try {
    return await scoped(connection, path, "admin", { signal });
  } catch (error) {
    if (!args.flag("create") || !isArkError(error, "ERR_UNAUTHORIZED")) throw error;
    return { place: `${connection.place} database ${path} (to be created)` };
  }
}
