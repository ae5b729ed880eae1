/**
 * Streams between our own stages.
 *
 * A stage is an async generator: it pulls, so a slow consumer slows its source down, and its
 * `finally` is its clean-up. Node's `pipeline` is used only where bytes meet the operating system.
 * Whoever makes a source sees to its end; a stage that is left early closes the source it was given.
 */
export { batch, type BatchLimits } from "./batch.ts";
export { Credits, type Lease } from "./credits.ts";
export { CLOCK, type Clock } from "./clock.ts";
export { coalesce } from "./coalesce.ts";
export {
  fixedKnob,
  HillClimb,
  type ClimbStep,
  type HillClimbOptions,
  type Knob,
} from "./hill-climb.ts";
export { eachConcurrent, type EachConcurrentOptions } from "./each-concurrent.ts";
export { hold, type Holder, holderHere, isAmongThese, letGo, lives } from "./holder.ts";
export { lines, LineError, type Line, type LinesOptions } from "./lines.ts";
export { mapConcurrent, type MapConcurrentOptions } from "./map-concurrent.ts";
export { merge } from "./merge.ts";
export { onAbort } from "./on-abort.ts";
export { type OnProgress, type Progress, progressBelow } from "./progress.ts";
export { release } from "./release.ts";
export { TokenBucket, type TokenBucketOptions } from "./token-bucket.ts";
