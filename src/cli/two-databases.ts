/**
 * Two databases in one command. Each is a place on the command line: the URL of a Fauna, or `@NAME` for what a profile
 * of the config file says. What a place leaves open is taken from the options: the first database's from the usual
 * ones, the second's from those that begin with `--to-`. A secret is never sent to an endpoint that it was not given for.
 */
import { type Connection, scoped } from "../fauna/fauna.ts";
import { ArkError } from "../errors/errors.ts";
import type { Arguments } from "./arguments.ts";
import { readProfile } from "./config.ts";
import { connectTo, noEndpoint } from "./database.ts";
import type { OptionSpec } from "./option.ts";
import { findSecret, SECRET_VARIABLES } from "./secret.ts";
import type { Terminal } from "./terminal.ts";

/** Holds the second database's secret. */
export const TO_SECRET_VARIABLE = "FAUNA_ARK_TO_SECRET";

export const TO_OPTIONS: readonly OptionSpec[] = [
  {
    name: "to-endpoint",
    type: "text",
    placeholder: "URL",
    summary: "Where the second database's Fauna answers; the first one's endpoint without it",
  },
  {
    name: "to-secret-file",
    type: "text",
    placeholder: "FILE",
    summary: `File that holds the second database's secret; without it ${TO_SECRET_VARIABLE}, the first one's secret if the endpoint is the same, or a prompt`,
  },
];

/** What a place on the command line says of a database. */
export interface DatabasePlace {
  readonly endpoint: string | undefined;
  readonly secretFile: string | undefined;
  readonly database: string | undefined;
}

export const NOWHERE: DatabasePlace = {
  endpoint: undefined,
  secretFile: undefined,
  database: undefined,
};

/** What a positional says, if it names a database. @throws ArkError ERR_CONFIG when there is no such profile. */
export async function databasePlace(
  written: string,
  args: Arguments,
  { cwd }: Terminal,
): Promise<DatabasePlace | undefined> {
  if (/^https?:\/\//i.test(written)) return { ...NOWHERE, endpoint: written };
  if (!written.startsWith("@")) return undefined;
  const profile = await readProfile({ file: args.text("config"), profile: written.slice(1), cwd });
  const value = (name: string) => {
    const found = profile.get(name)?.written;
    return typeof found === "string" ? found : undefined;
  };
  return {
    endpoint: value("endpoint"),
    secretFile: value("secret-file"),
    database: value("database"),
  };
}

/** A database whose connection is open, and which child of it is meant. */
export interface OpenPlace {
  readonly connection: Connection;
  /** The child database's path; undefined for the secret's own. */
  readonly path: string | undefined;
  readonly endpoint: string;
  readonly secret: string;
}

/** Opens databases for `work`, and closes them however that ends. */
export async function withDatabases<T>(
  args: Arguments,
  terminal: Terminal,
  work: (databases: Databases) => Promise<T>,
): Promise<T> {
  const databases = new Databases(args, terminal);
  try {
    return await work(databases);
  } finally {
    await databases.close();
  }
}

export class Databases {
  readonly #args: Arguments;
  readonly #terminal: Terminal;
  readonly #open: Connection[] = [];
  #first: OpenPlace | undefined;

  constructor(args: Arguments, terminal: Terminal) {
    this.#args = args;
    this.#terminal = terminal;
  }

  /** @throws ArkError ERR_USAGE when endpoint or secret are missing. */
  async first(place: DatabasePlace): Promise<OpenPlace> {
    const endpoint = place.endpoint ?? this.#args.text("endpoint");
    if (endpoint === undefined) throw noEndpoint("--endpoint");
    const file = place.secretFile ?? this.#args.text("secret-file");
    const secret = await findSecret(file, this.#terminal, endpoint);
    this.#first = this.#opened(endpoint, secret, place.database ?? this.#args.text("database"));
    return this.#first;
  }

  /**
   * Where nothing else is said, it is on the first one's endpoint, and opened by the first one's secret there. Without
   * a first one the usual options stand in for the `--to-` ones.
   */
  async second(place: DatabasePlace): Promise<OpenPlace> {
    const args = this.#args;
    const usual = this.#first?.endpoint ?? args.text("endpoint");
    const endpoint = place.endpoint ?? args.text("to-endpoint") ?? usual;
    if (endpoint === undefined) throw noEndpoint("--to-endpoint");
    const file = place.secretFile ?? args.text("to-secret-file");
    const secret = await this.#secondSecret(file, endpoint);
    const own = place.database ?? args.text("to-database");
    const path = own ?? (this.#first === undefined ? args.text("database") : undefined);
    return this.#opened(endpoint, secret, path);
  }

  /** @param file what the place or the options name. */
  async #secondSecret(file: string | undefined, endpoint: string): Promise<string> {
    const variables = [TO_SECRET_VARIABLE];
    const options = { variables, place: TO_SECRET_VARIABLE, flag: "--to-secret-file" };
    const terminal = this.#terminal;
    if (this.#first === undefined) {
      const usual = file ?? this.#args.text("secret-file");
      return findSecret(usual, terminal, endpoint, {
        ...options,
        variables: [...variables, ...SECRET_VARIABLES],
      });
    }
    const { secret, endpoint: known } = this.#first;
    const standIn = isSameOrigin(known, endpoint) ? secret : undefined;
    return findSecret(file, terminal, endpoint, { ...options, standIn });
  }

  /** The database itself. @throws ArkError ERR_UNAUTHORIZED when there is none of its path. */
  async scoped({ connection, path }: OpenPlace): Promise<Connection> {
    if (path === undefined) return connection;
    return scoped(connection, path, "admin", { signal: this.#terminal.signal });
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((connection) => connection.close()));
  }

  #opened(endpoint: string, secret: string, path: string | undefined): OpenPlace {
    const connection = connectTo(this.#args, this.#terminal, endpoint, secret);
    this.#open.push(connection);
    return { connection, path, endpoint, secret };
  }
}

function isSameOrigin(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}

/** @throws ArkError ERR_USAGE for a word that names no database. */
export async function requireDatabase(
  written: string | undefined,
  args: Arguments,
  terminal: Terminal,
): Promise<DatabasePlace> {
  if (written === undefined) return NOWHERE;
  const place = await databasePlace(written, args, terminal);
  if (place !== undefined) return place;
  throw new ArkError("ERR_USAGE", `${written} is neither a URL nor a profile.`, {
    place: written,
    hint: `Write the endpoint's URL, or @${written.replace(/^[./]+/, "") || "NAME"} for a profile of the config file.`,
  });
}
