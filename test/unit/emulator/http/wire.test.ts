import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { NodeResponse } from "../../../../src/emulator/http/listen.ts";
import { sendAnswer } from "../../../../src/emulator/http/wire.ts";

const PIECE = "x".repeat(1024 * 1024);
const MANY = 1000;

/** Sends very many pieces and counts those that were asked for. */
function flood(): { count: number; send(response: NodeResponse): Promise<void> } {
  const state = {
    count: 0,
    async *pieces() {
      for (; state.count < MANY; state.count++) yield PIECE;
    },
    send: (response: NodeResponse) =>
      sendAnswer(response, { status: 200, headers: {}, body: state.pieces() }),
  };
  return state;
}

/** Waits until `count` has stopped changing. */
async function settled(count: () => number): Promise<number> {
  let before = -1;
  while (count() !== before) {
    before = count();
    // eslint-disable-next-line no-await-in-loop -- one look after the other
    await sleep(200);
  }
  return before;
}

test("a stream over HTTP/1.1 waits for a client that does not read, and ends when it leaves", async () => {
  const source = flood();
  let sent: Promise<void> | undefined;
  const server = http.createServer((_, response) => void (sent = source.send(response)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const request = http.get({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  request.on("error", () => {});
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  response.on("error", () => {});
  expect(await settled(() => source.count)).toBeLessThan(MANY / 2);
  request.destroy();
  await sent;
  server.close();
});

test("a stream over HTTP/2 waits for a client that does not read, and ends when it leaves", async () => {
  const source = flood();
  let sent: Promise<void> | undefined;
  const server = http2.createServer((_, response) => void (sent = source.send(response)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stream = session.request({ ":path": "/" });
  await once(stream, "response");
  expect(await settled(() => source.count)).toBeLessThan(MANY / 2);
  session.destroy();
  await sent;
  server.close();
});
