#!/usr/bin/env node
/** `fauna-ark`: this process's words, terminal and signals, and nothing else. */
// oxlint-disable-next-line import/no-unassigned-import -- it works by being the first
import "./young-generation.ts";
import { COMMANDS } from "./commands.ts";
import { flushed, processTerminal } from "./process-terminal.ts";
import { runCommandLine } from "./run.ts";
import { listenForInterruption } from "./signals.ts";
import { VERSION } from "./version.ts";

const interruption = listenForInterruption((text) => void process.stderr.write(text));
const status = await runCommandLine(process.argv.slice(2), processTerminal(interruption.signal), {
  commands: COMMANDS,
  version: VERSION,
});
interruption.dispose();
await flushed();
// What an interrupted run left open must not keep the process.
process.exit(status);
