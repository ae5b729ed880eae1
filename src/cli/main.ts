#!/usr/bin/env node
/** `fauna-ark`: this process's words, terminal and signals, and nothing else. */
import { COMMANDS } from "./commands.ts";
import { flushed, processTerminal } from "./process-terminal.ts";
import { runCommandLine } from "./run.ts";
import { listenForInterruption } from "./signals.ts";
import { VERSION } from "./version.ts";
import { keepYoungGenerationSmall } from "./young-generation.ts";

keepYoungGenerationSmall();
const interruption = listenForInterruption((text) => void process.stderr.write(text));
const status = await runCommandLine(process.argv.slice(2), processTerminal(interruption.signal), {
  commands: COMMANDS,
  version: VERSION,
});
interruption.dispose();
await flushed();
// What an interrupted run left open must not keep the process.
process.exit(status);
