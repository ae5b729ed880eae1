// A server of its own process for the bench. `emulator`: the emulator. `canned FILE`: answers requests from a
// recording by their bodies, as fast as HTTP/2 allows. Prints its endpoint; ends with its parent.
import { createServer } from "node:http2";
import { readRecording, requestKey } from "./recording.mjs";

const [kind, file] = process.argv.slice(2);
process.on("disconnect", () => process.exit(0));

if (kind === "emulator") {
  const { startEmulator } = await import("../../dist/emulator/emulator.js");
  const { endpoint } = await startEmulator();
  process.on("message", (message) => {
    if (message !== "memory") return;
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    process.send({ heap: heapUsed, rss });
  });
  process.send({ endpoint });
} else {
  // Of equal requests the first answer counts, so that a run that asks for the time gets the recorded one.
  const answers = new Map(
    (await readRecording(file)).toReversed().map(({ key, answer }) => [key, answer]),
  );
  const server = createServer();
  let missed = 0;
  server.on("stream", (stream, headers) => {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.on("end", () => {
      const key = requestKey(headers[":method"], headers[":path"], Buffer.concat(chunks));
      const answer = answers.get(key);
      if (answer === undefined) missed++;
      // A recording has an answer to everything but what a run makes up anew, such as its own marks.
      const {
        status,
        headers: shown,
        text,
      } = answer ?? { status: 200, headers: {}, text: '{"resource":null}' };
      stream.respond({
        ":status": status,
        "content-type": "application/json;charset=utf-8",
        ...shown,
      });
      stream.end(text);
    });
  });
  process.on("message", (message) => message === "missed" && process.send({ missed }));
  server.listen(0, "127.0.0.1", () => {
    process.send({ endpoint: `http://127.0.0.1:${server.address().port}` });
  });
}
