import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's young generation at the size that it has. Left alone it grows to 32 MiB or more under a stream of
 * short-lived text, which is memory that `--max-memory` means for documents; collecting it more often cost no processor
 * time that could be measured. The maximum itself can only be set before V8 starts.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
