// Requests of one run with their answers: what the canned server answers from, and what fetch-and-discard repeats.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

/** Tells requests apart: method, path and body. */
export function requestKey(method, path, body) {
  return createHash("sha256").update(`${method} ${path}\n`).update(body).digest("hex");
}

/** A transport that hands everything on to `inner` and keeps what passes. */
export class RecordingTransport {
  exchanges = [];
  mostAtOnce = 0;
  #atOnce = 0;
  #began;
  #ended = 0;
  #idleMs = 0;

  constructor(inner) {
    this.inner = inner;
  }

  async send(request) {
    this.#began ??= this.#ended = performance.now();
    if (this.#atOnce === 0) this.#idleMs += performance.now() - this.#ended;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      const answer = await this.inner.send(request);
      const { method, path, body = "", headers } = request;
      const { authorization: _, ...shown } = headers;
      this.exchanges.push({
        key: requestKey(method, path, body),
        request: { method, path, headers: shown, body: Buffer.from(body).toString("utf8") },
        answer: { status: answer.status, headers: keep(answer.headers), text: answer.text },
      });
      return answer;
    } finally {
      if (--this.#atOnce === 0) this.#ended = performance.now();
    }
  }

  /** The share of the time, from the first request to the last answer, in which nothing was under way. */
  get idleShare() {
    return this.#idleMs / (this.#ended - this.#began);
  }

  close() {
    return this.inner.close();
  }
}

/** Of an answer's headers, those that a client of Fauna reads. */
function keep(headers) {
  const names = ["x-txn-time", "x-byte-read-ops", "x-byte-write-ops", "x-compute-ops"];
  return Object.fromEntries(
    names.filter((name) => name in headers).map((name) => [name, headers[name]]),
  );
}

export async function writeRecording(file, exchanges) {
  await writeFile(file, exchanges.map((each) => JSON.stringify(each)).join("\n"));
}

export async function readRecording(file) {
  return (await readFile(file, "utf8"))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
