/** The options that say which database a command talks to, and the connection they make. */
import { type Connection, connect, scoped } from "../fauna/fauna.ts";
import { ArkError } from "../errors/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { OptionSpec } from "./option.ts";
import { parseRates } from "./rate.ts";
import { findSecret } from "./secret.ts";
import type { Terminal } from "./terminal.ts";

/** How to reach Fauna. Every command with these has `--database` too, in its own words. */
export const ENDPOINT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "endpoint",
    type: "text",
    placeholder: "URL",
    summary: "Where Fauna answers, such as http://127.0.0.1:8443; there is no default",
    alsoFrom: ["FAUNA_ENDPOINT"],
  },
  {
    name: "secret-file",
    type: "text",
    placeholder: "FILE",
    summary: "File that holds the secret; without it FAUNA_SECRET, or a prompt on a terminal",
  },
];

export const DATABASE_OPTION: OptionSpec = {
  name: "database",
  type: "text",
  placeholder: "PATH",
  summary: "Child database below the secret's own, as parent/child",
};

export const TRANSPORT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "timeout",
    type: "count",
    placeholder: "SECONDS",
    summary: "How long one query may take, in seconds",
    default: "120",
    min: 1,
    max: 600,
  },
  { name: "http1", type: "flag", summary: "Speak HTTP/1.1 only" },
  {
    name: "max-requests",
    type: "count",
    placeholder: "N",
    summary: "Requests under way at once to a database's server, at most",
    default: "64",
    min: 1,
    max: 256,
  },
  {
    name: "max-rate",
    type: "list",
    placeholder: "RATE",
    summary:
      "Most that is moved a second, on average: documents (500docs/s), bytes (5MiB/s), ops (1000ops/s), or several of them",
  },
  {
    name: "budget-read-ops",
    type: "count",
    placeholder: "N",
    summary: "Stop before more read ops than this are used of a database; the run can be resumed",
    min: 1,
  },
  {
    name: "budget-write-ops",
    type: "count",
    placeholder: "N",
    summary: "Stop before more write ops than this are used of a database; the run can be resumed",
    min: 1,
  },
];

export const PAGE_SIZE_OPTION: OptionSpec = {
  name: "page-size",
  type: "count",
  placeholder: "N",
  summary: "Documents asked for in one request, at most",
  default: "4000",
  min: 1,
  max: 100_000,
};

/** For those who find the best page size by themselves. */
export const FOUND_PAGE_SIZE_OPTION: OptionSpec = {
  name: "page-size",
  type: "count",
  placeholder: "N",
  summary:
    "Documents asked for in one request, at most; without it what is best is found by trying",
  min: 1,
  max: 100_000,
};

export const MAX_MEMORY_OPTION: OptionSpec = {
  name: "max-memory",
  type: "bytes",
  placeholder: "SIZE",
  summary: "Memory that the process may take; what is moved at once is as much as fits",
  default: "256MiB",
  min: 1024,
};

/** A number of things under way at once; each command says of what. */
export function windowOption(summary: string, standard?: number): OptionSpec {
  return {
    name: "window",
    type: "count",
    placeholder: "N",
    summary,
    min: 1,
    max: 256,
    ...(standard === undefined ? {} : { default: String(standard) }),
  };
}

/** The milliseconds of `--timeout`. */
export function timeoutMs(args: Arguments): number {
  return args.number("timeout")! * 1000;
}

/** What to say when nothing tells where Fauna is. */
export function noEndpoint(flag: string): ArkError {
  return new ArkError("ERR_USAGE", "No endpoint is given.", {
    place: flag,
    hint: `Give ${flag} URL or set FAUNA_ENDPOINT; Fauna's own old host is gone. \`fauna-ark emulator\` starts one to try.`,
  });
}

/** A connection as the transport options want it. Whoever asks for it closes it. */
export function connectTo(
  args: Arguments,
  terminal: Terminal,
  endpoint: string,
  secret: string,
): Connection {
  return connect({
    endpoint,
    secret,
    timeoutMs: timeoutMs(args),
    http1: args.flag("http1"),
    env: terminal.env,
    limits: {
      maxRequests: args.number("max-requests"),
      maxRate: parseRates(args.list("max-rate")),
      budget: {
        readOps: args.number("budget-read-ops"),
        writeOps: args.number("budget-write-ops"),
      },
    },
    throttle: {
      onShrink: ({ window, reason }) => {
        if (!args.flag("verbose")) return;
        const why = reason === "overload" ? "the server is overloaded" : "answers take longer";
        terminal.err(`at most ${window} requests at once from now on: ${why}\n`);
      },
    },
    onRetry: ({ attempt, pauseMs, reason, path }) => {
      if (!args.flag("verbose")) return;
      terminal.err(`retry ${attempt} of ${path} in ${Math.round(pauseMs)} ms: ${reason}\n`);
    },
  });
}

/**
 * Opens the secret's own database, lets `work` use it, and closes it however that ends.
 * @throws ArkError ERR_USAGE when endpoint or secret are missing; what `work` throws.
 */
export async function withEndpoint<T>(
  args: Arguments,
  terminal: Terminal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const endpoint = args.text("endpoint");
  if (endpoint === undefined) throw noEndpoint("--endpoint");
  const secret = await findSecret(args.text("secret-file"), terminal, endpoint);
  const connection = connectTo(args, terminal, endpoint, secret);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** As {@link withEndpoint}, in the database that `--database` names. */
export function withDatabase<T>(
  args: Arguments,
  terminal: Terminal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return withEndpoint(args, terminal, async (connection) => {
    const path = args.text("database");
    const { signal } = terminal;
    return work(
      path === undefined ? connection : await scoped(connection, path, "admin", { signal }),
    );
  });
}
