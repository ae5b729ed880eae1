// What a run takes: wall clock, CPU of the process, CPU of its main thread alone, and how much memory at most.
import { readFileSync } from "node:fs";

/** Nanoseconds that the main thread has been on a processor; undefined where the system does not tell. */
function mainThreadNs() {
  try {
    const path = `/proc/self/task/${process.pid}/schedstat`;
    return Number(readFileSync(path, "utf8").split(" ")[0]);
  } catch {
    return undefined;
  }
}

export class Clock {
  #wall = 0;
  #cpu = process.cpuUsage();
  #main = 0;
  #found = {};

  begin() {
    this.#cpu = process.cpuUsage();
    this.#main = mainThreadNs();
    this.#wall = performance.now();
  }

  end() {
    const seconds = (performance.now() - this.#wall) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const main = mainThreadNs();
    this.#found = {
      seconds,
      cpuSeconds: (user + system) / 1e6,
      mainSeconds: main === undefined ? undefined : (main - this.#main) / 1e9,
    };
  }

  get found() {
    return { ...this.#found, peakMiB: process.resourceUsage().maxRSS / 1024 };
  }
}
