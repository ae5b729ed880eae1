/** `fauna-ark emulator`: a Fauna to try things on, until Ctrl-C. */
import { once } from "node:events";
import { basename, resolve } from "node:path";
import type { Emulator, Faults } from "../../emulator/emulator.ts";
import { ArkError } from "../../errors/errors.ts";
import { exportDatabase } from "../../export/export.ts";
import { connect, type Connection, pushSchema } from "../../fauna/fauna.ts";
import { importArchive } from "../../import/import.ts";
import { readSchemaFolder } from "../../import/schema-folder.ts";
import { openStore } from "../../store/store.ts";
import type { Arguments } from "../arguments.ts";
import type { CommandSpec } from "../command.ts";
import { buildSample } from "../demo/build.ts";
import { SAMPLE_SIZE } from "../demo/sample.ts";
import { UNLOCK_OPTIONS, unlockOf } from "../encryption.ts";
import { parseFaults } from "../faults.ts";
import type { Terminal } from "../terminal.ts";
import { TOOL } from "../version.ts";
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
    {
      name: "load",
      type: "text",
      placeholder: "ARCHIVE",
      summary: "Begin with an archive, imported into the root database",
    },
    {
      name: "save",
      type: "text",
      placeholder: "ARCHIVE",
      summary: "Export the root database to this empty folder when it ends",
    },
    {
      name: "schema",
      type: "text",
      placeholder: "DIR",
      summary:
        "Begin with the schema files of a folder; with --load, for an archive without a schema",
    },
    {
      name: "faults",
      type: "text",
      placeholder: "SPEC",
      summary: "Let queries fail, such as 429:5%,503:1%,delay:20-200,cut-after:1%",
    },
    {
      name: "faults-seed",
      type: "count",
      summary: "Seed that decides which queries fail",
      default: "1",
    },
    {
      name: "export-path",
      type: "text",
      placeholder: "DIR",
      summary: "Folder for Fauna's own export endpoint, /export/1",
    },
    ...UNLOCK_OPTIONS,
  ],
  examples: [
    { line: "fauna-ark emulator", about: "On port 8443 with the root secret `secret`" },
    { line: "fauna-ark emulator --sample", about: "With a database in it to try things on" },
    { line: "fauna-ark emulator --port 0 --json", about: "On a free port, told as JSON" },
    { line: "fauna-ark emulator --load my-archive", about: "With a copy of a database" },
    {
      line: "fauna-ark emulator --schema ./schema --save state",
      about: "Kept as an archive when it ends",
    },
    {
      line: "fauna-ark emulator --faults 429:5%,delay:20-200",
      about: "For trying how a program bears it",
    },
  ],
  exits: {
    10: "the port is taken or may not be used",
    20: "the archive to load is damaged",
    40: "the schema is refused",
  },
  async run(args, terminal) {
    const save = args.text("save");
    if (save !== undefined) await refuseOccupied(save);
    if (args.flag("sample") && (args.text("load") ?? args.text("schema")) !== undefined) {
      throw new ArkError("ERR_USAGE", "The emulator begins with one thing only.", {
        place: "--sample",
        hint: "Leave out --sample, or --load and --schema.",
      });
    }
    const faults = new FaultsOnceReady(args);
    const exportPath = args.text("export-path");
    // Loaded when it is wanted: every other command would start later by a fifth of a second.
    const { startEmulator } = await import("../../emulator/emulator.ts");
    const emulator = await startEmulator({
      port: args.number("port")!,
      log: (line) => {
        if (args.flag("verbose")) terminal.err(`${line}\n`);
      },
      faults: (request) => faults.decide(request),
      ...(exportPath === undefined ? {} : { exportPath }),
    });
    try {
      const { endpoint, secret, port } = emulator;
      await begin(args, terminal, emulator);
      faults.ready();
      if (args.flag("json")) printJsonReport(terminal, { endpoint, secret, port });
      else terminal.out(howToConnect(endpoint, secret, port));
      if (!terminal.signal.aborted) await once(terminal.signal, "abort");
      faults.over();
      if (save !== undefined) await saveTo(save, args, terminal, emulator);
      return 0;
    } finally {
      await emulator.close();
    }
  },
};

/** The faults that were asked for, but not for what the emulator begins and ends with. */
class FaultsOnceReady {
  readonly #faults: Faults | undefined;
  #isOn = false;

  constructor(args: Arguments) {
    const spec = args.text("faults");
    this.#faults = spec === undefined ? undefined : parseFaults(spec, args.number("faults-seed")!);
  }

  ready(): void {
    this.#isOn = true;
  }

  over(): void {
    this.#isOn = false;
  }

  decide(request: Parameters<Faults>[0]): ReturnType<Faults> {
    return this.#isOn ? this.#faults?.(request) : undefined;
  }
}

/** What the emulator holds before anybody else can ask it. */
async function begin(args: Arguments, terminal: Terminal, emulator: Emulator): Promise<void> {
  if (args.flag("sample")) await fillWithSample(args, terminal, emulator);
  const load = args.text("load");
  const schemaFolder = args.text("schema");
  if (load === undefined && schemaFolder === undefined) return;
  const unlock = await unlockOf(args, terminal);
  await withRoot(emulator, async (target) => {
    const { signal } = terminal;
    if (load === undefined) {
      const files = [...(await readSchemaFolder(schemaFolder!))];
      const schema = files.map(([filename, content]) => ({ filename, content }));
      await pushSchema(target, schema, { override: true, signal });
      return;
    }
    const deadLetterFile = resolve(terminal.cwd, `${basename(load)}.refused.ndjson`);
    const { documents } = await withProgress(args, terminal, (onProgress) =>
      importArchive({
        source: resolve(terminal.cwd, load),
        schemaFolder,
        unlock,
        target,
        deadLetterFile,
        signal,
        onProgress,
      }),
    );
    terminal.err(`Loaded ${documents.written} of ${documents.read} documents from ${load}.\n`);
  });
}

async function saveTo(
  save: string,
  args: Arguments,
  terminal: Terminal,
  emulator: Emulator,
): Promise<void> {
  // The signal that ends the emulator is what asks for this: a second one ends the process at once.
  await withRoot(emulator, async (source) => {
    const { documents } = await withProgress(args, terminal, (onProgress) =>
      exportDatabase({ source, target: resolve(terminal.cwd, save), tool: TOOL, onProgress }),
    );
    terminal.err(`Saved ${documents} documents to ${save}.\n`);
  });
}

async function refuseOccupied(place: string): Promise<void> {
  for await (const { name } of openStore(place).list()) {
    throw new ArkError(
      "ERR_TARGET_NOT_EMPTY",
      `The place to save to is not empty: it holds ${name}.`,
      {
        place,
        hint: "Choose a folder that is empty or does not exist.",
      },
    );
  }
}

async function withRoot(
  { endpoint, secret }: Emulator,
  work: (root: Connection) => Promise<void>,
): Promise<void> {
  const root = connect({ endpoint, secret });
  try {
    await work(root);
  } finally {
    await root.close();
  }
}

function fillWithSample(args: Arguments, terminal: Terminal, emulator: Emulator): Promise<void> {
  const { signal } = terminal;
  return withRoot(emulator, (root) =>
    withProgress(args, terminal, (onProgress) =>
      buildSample(root, { size: SAMPLE_SIZE, signal, onProgress }),
    ).then(() => undefined),
  );
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
