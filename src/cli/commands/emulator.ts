/** `fauna-ark emulator`: a Fauna to try things on, until Ctrl-C. */
import { once } from "node:events";
import { type Emulator, startEmulator } from "../../emulator/emulator.ts";
import { connect } from "../../fauna/fauna.ts";
import type { Arguments } from "../arguments.ts";
import type { CommandSpec } from "../command.ts";
import { buildSample } from "../demo/build.ts";
import { SAMPLE_SIZE } from "../demo/sample.ts";
import type { Terminal } from "../terminal.ts";
import { printJsonReport, withProgress } from "../with-progress.ts";

export const emulatorCommand: CommandSpec = {
  name: "emulator",
  summary: "Run a Fauna-compatible server in memory, on this machine only, until Ctrl-C",
  positionals: [],
  options: [
    {
      name: "port",
      type: "count",
      placeholder: "PORT",
      summary: "Port of 127.0.0.1 to listen on; 0 takes a free one",
      default: "8443",
      min: 0,
      max: 65_535,
    },
    {
      name: "sample",
      type: "flag",
      summary: "Begin with the demo's bookshop, some five thousand documents, instead of nothing",
    },
  ],
  examples: [
    { line: "fauna-ark emulator", about: "On port 8443 with the root secret `secret`" },
    { line: "fauna-ark emulator --sample", about: "With a database in it to try things on" },
    { line: "fauna-ark emulator --port 0 --json", about: "On a free port, told as JSON" },
  ],
  exits: { 10: "the port is taken or may not be used" },
  async run(args, terminal) {
    const emulator = await startEmulator({
      port: args.number("port")!,
      log: (line) => {
        if (args.flag("verbose")) terminal.err(`${line}\n`);
      },
    });
    try {
      const { endpoint, secret, port } = emulator;
      if (args.flag("sample")) await fillWithSample(args, terminal, emulator);
      if (args.flag("json")) printJsonReport(terminal, { endpoint, secret, port });
      else terminal.out(howToConnect(endpoint, secret, port));
      if (!terminal.signal.aborted) await once(terminal.signal, "abort");
      return 0;
    } finally {
      await emulator.close();
    }
  },
};

async function fillWithSample(
  args: Arguments,
  terminal: Terminal,
  { endpoint, secret }: Emulator,
): Promise<void> {
  const connection = connect({ endpoint, secret });
  const { signal } = terminal;
  try {
    await withProgress(args, terminal, (onProgress) =>
      buildSample(connection, { size: SAMPLE_SIZE, signal, onProgress }),
    );
  } finally {
    await connection.close();
  }
}

function howToConnect(endpoint: string, secret: string, port: number): string {
  return `The emulator answers on ${endpoint} with the root secret \`${secret}\`.
All it holds is in memory and gone when it ends. Ctrl-C ends it.

FQL v10: npm install fauna
  import { Client, fql } from "fauna";
  const client = new Client({ endpoint: new URL("${endpoint}"), secret: "${secret}" });
  await client.query(fql\`Collection.create({ name: "Product" })\`);

FQL v4: npm install --ignore-scripts faunadb
  import faunadb from "faunadb";
  const client = new faunadb.Client({ scheme: "http", domain: "127.0.0.1", port: ${port}, secret: "${secret}" });
  await client.query(faunadb.query.CreateCollection({ name: "Product" }));

fauna-ark
  export FAUNA_ENDPOINT=${endpoint} FAUNA_SECRET=${secret}
  fauna-ark export my-archive
`;
}
