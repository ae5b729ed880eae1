// A server of its own process for the bench. `emulator`: the emulator. `canned COUNT FILE [LARGE_EVERY]`: pages of so
// many documents from prepared bytes, and all else as a recording has it, by HTTP/2. Prints its endpoint; ends with
// its parent.
import { createServer } from "node:http2";
import { built } from "./built.mjs";
import { Pages } from "./pages.mjs";
import { readRecording, requestKey } from "./recording.mjs";

const [kind, count, file, largeEvery] = process.argv.slice(2);
process.on("disconnect", () => process.exit(0));

if (kind === "emulator") {
  const { startEmulator } = await built("emulator/emulator.js");
  const { endpoint } = await startEmulator();
  process.on("message", (message) => {
    if (message !== "memory") return;
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    process.send({ heap: heapUsed, rss });
  });
  process.send({ endpoint });
} else {
  const options = largeEvery === undefined ? {} : { largeEvery: Number(largeEvery) };
  const pages = new Pages(Number(count), options);
  // Of equal requests the first answer counts, so that a run that asks for the time gets the recorded one.
  const answers = new Map(
    (await readRecording(file)).toReversed().map(({ key, answer }) => [key, answer]),
  );
  // Node's limit of 10 MB would refuse large answers that are under way at once.
  const server = createServer({ maxSessionMemory: 4096 });
  server.on("session", (session) => session.setLocalWindowSize(2 ** 24));
  server.on("stream", (stream, headers) => {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.on("end", () => {
      const body = Buffer.concat(chunks);
      const page = pages.answer(headers[":path"], body.toString("utf8"));
      const key = requestKey(headers[":method"], headers[":path"], body);
      // A recording has an answer to everything but what a run makes up anew, such as its own marks.
      const nothing = { status: 200, headers: {}, text: '{"resource":null}' };
      const {
        status,
        headers: shown,
        text,
      } = page === undefined
        ? (answers.get(key) ?? nothing)
        : { status: 200, headers: { "x-byte-read-ops": "1" }, text: "" };
      // Strings behind large buffers do not always arrive whole in Node 20; buffers do.
      const parts = [...(page ?? []), text].map((part) =>
        typeof part === "string" ? Buffer.from(part) : part,
      );
      stream.respond({
        ":status": status,
        "content-type": "application/json;charset=utf-8",
        "content-length": parts.reduce((sum, part) => sum + part.length, 0),
        ...shown,
      });
      for (const part of parts) stream.write(part);
      stream.end();
    });
  });
  server.listen(0, "127.0.0.1", () => {
    process.send({ endpoint: `http://127.0.0.1:${server.address().port}` });
  });
}
