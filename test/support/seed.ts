/**
 * What chance decides in tests, one number decides: `TEST_SEED`, and where it is not set always the same, so that a run
 * fails for what was changed and not for its luck. Every night another is tried (`.github/workflows/nightly.yml`).
 * `vitest.config.ts` has every test file begin with this one.
 */
import * as fc from "fast-check";

const text = process.env["TEST_SEED"] ?? "1";
if (!/^\d{1,9}$/.test(text)) throw new TypeError(`TEST_SEED is ${text}; it takes a number`);

export const SEED = Number(text);

fc.configureGlobal({ seed: SEED });
