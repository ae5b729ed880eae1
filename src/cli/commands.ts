/** Every command, in the order in which help and docs/CLI.md list them. */
import type { CommandSpec } from "./command.ts";
import { copyCommand } from "./commands/copy.ts";
import { demoCommand } from "./commands/demo.ts";
import { diffCommand } from "./commands/diff.ts";
import { emulatorCommand } from "./commands/emulator.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { planCommand } from "./commands/plan.ts";
import { showCommand } from "./commands/show.ts";
import { verifyCommand } from "./commands/verify.ts";

export const COMMANDS: readonly CommandSpec[] = [
  planCommand,
  exportCommand,
  importCommand,
  copyCommand,
  verifyCommand,
  diffCommand,
  showCommand,
  emulatorCommand,
  demoCommand,
];
