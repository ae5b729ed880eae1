/** The worker's side of `packing.ts`: takes jobs, answers with what became of them. */
import { parentPort } from "node:worker_threads";
import type { Answered, Asked } from "./packing.ts";
import { buffersOf, pack, READY } from "./packing-job.ts";

parentPort?.on("message", ({ number, job }: Asked) => {
  const result = pack(job);
  const answer: Answered = { number, result };
  parentPort?.postMessage(answer, buffersOf(result));
});
parentPort?.postMessage(READY, []);
