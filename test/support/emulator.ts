import { startEmulator, type EmulatorOptions } from "../../src/emulator/emulator.ts";
import type { Target } from "./target.ts";

/** An empty emulator of the test's own. */
export async function emulatorTarget(options: EmulatorOptions = {}): Promise<Target> {
  const emulator = await startEmulator(options);
  const { endpoint, secret } = emulator;
  return { endpoint, secret, close: () => emulator.close() };
}
