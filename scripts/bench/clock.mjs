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
  #phases = {};
  #phase = undefined;
  #since = 0;

  begin() {
    this.#cpu = process.cpuUsage();
    this.#main = mainThreadNs();
    this.#wall = performance.now();
  }

  /** What is done from now on. */
  phase(name) {
    const now = performance.now();
    if (this.#phase !== undefined)
      this.#phases[this.#phase] = (this.#phases[this.#phase] ?? 0) + (now - this.#since) / 1000;
    this.#phase = name;
    this.#since = now;
  }

  end() {
    this.phase(undefined);
    const seconds = (performance.now() - this.#wall) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const main = mainThreadNs();
    this.#found = {
      seconds,
      cpuSeconds: (user + system) / 1e6,
      mainSeconds: main === undefined ? undefined : (main - this.#main) / 1e9,
      ...(Object.keys(this.#phases).length > 0 && { phases: this.#phases }),
    };
  }

  get found() {
    return { ...this.#found, peakMiB: process.resourceUsage().maxRSS / 1024 };
  }
}
