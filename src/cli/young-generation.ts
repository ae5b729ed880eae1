/**
 * Keeps V8's young generation at the megabyte or two that it starts with. Left alone it grows to 32 MiB or more under a
 * stream of short-lived text, which is memory that `--max-memory` means for documents; collecting it more often cost no
 * processor time that could be measured. The maximum itself can only be set before V8 starts. To be imported first:
 * loading all other modules makes it grow already.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--semi-space-growth-factor=1");
