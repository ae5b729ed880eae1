import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../../../src/emulator/emulator.ts";

let emulator: Emulator | undefined;

afterEach(async () => {
  await emulator?.close();
  emulator = undefined;
});

async function overHttp2(endpoint: string, path: string): Promise<string> {
  const session = http2.connect(endpoint);
  try {
    const stream = session.request({ ":path": path });
    stream.setEncoding("utf8");
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    return text;
  } finally {
    session.close();
  }
}

async function raw(port: number, parts: readonly string[]): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.setEncoding("utf8");
  let text = "";
  socket.on("data", (chunk) => (text += String(chunk)));
  const closed = once(socket, "close");
  for (const part of parts) {
    socket.write(part);
    await sleep(10);
  }
  await closed;
  return text;
}

const PONG = '{"resource":"Scope write is OK"}';

test("one port answers HTTP/1.1 and HTTP/2", async () => {
  emulator = await startEmulator();
  const answer = await fetch(`${emulator.endpoint}/ping`);
  expect(answer.headers.get("content-type")).toBe("application/json;charset=utf-8");
  expect(await answer.text()).toBe(PONG);
  expect(await overHttp2(emulator.endpoint, "/ping")).toBe(PONG);
});

test("many streams of one HTTP/2 session are answered", async () => {
  emulator = await startEmulator();
  const session = http2.connect(emulator.endpoint);
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const stream = session.request({ ":path": "/ping?scope=read" });
      let text = "";
      for await (const chunk of stream) text += String(chunk);
      return text;
    }),
  );
  session.close();
  expect(new Set(answers)).toEqual(new Set(['{"resource":"Scope read is OK"}']));
});

test("a request that arrives byte by byte is understood", async () => {
  emulator = await startEmulator();
  const text = await raw(emulator.port, [
    "P",
    "O",
    "ST /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
    "Content-Length: 0\r\n\r\n",
  ]);
  expect(text).toMatch(/^HTTP\/1\.1 405 /);
  expect(text).toContain("Allowed methods are GET.");
});

test("what is not HTTP is refused and the connection closed", async () => {
  emulator = await startEmulator();
  expect(await raw(emulator.port, ["\u0016\u0003\u0001 no HTTP at all\r\n\r\n"])).toMatch(
    /^HTTP\/1\.1 400 /,
  );
});

test("a client that half-closes after its request still gets the answer", async () => {
  emulator = await startEmulator();
  const socket = net.connect({ port: emulator.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.setEncoding("utf8");
  socket.end("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toContain(PONG);
});

test("a client that connects and leaves without a word does no harm", async () => {
  emulator = await startEmulator();
  const socket = net.connect(emulator.port, "127.0.0.1");
  await once(socket, "connect");
  socket.end();
  await once(socket, "close");
  expect((await fetch(`${emulator.endpoint}/ping`)).status).toBe(200);
});

test("clients that leave before, in and after their request do no harm", async () => {
  emulator = await startEmulator({ faults: () => ({ delayMs: 2 }) });
  const { port, endpoint } = emulator;
  const parts = [
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Le",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1",
    "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  ];
  await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(parts[n % parts.length] ?? "");
      await sleep(n % 5);
      if (n % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }),
  );
  const session = http2.connect(endpoint);
  session.on("error", () => {});
  const stream = session.request({ ":path": "/ping" });
  stream.on("error", () => {});
  await once(session, "connect");
  session.destroy();
  await sleep(20);
  expect((await fetch(`${endpoint}/ping`)).status).toBe(200);
});

test("close ends idle, silent and HTTP/2 connections, and frees the port", async () => {
  emulator = await startEmulator();
  const { port, endpoint } = emulator;
  const agent = new http.Agent({ keepAlive: true });
  await new Promise<void>((resolve, reject) => {
    http
      .get(`${endpoint}/ping`, { agent }, (response) => {
        response.resume().once("end", resolve);
      })
      .once("error", reject);
  });
  const silent = net.connect(port, "127.0.0.1");
  silent.on("error", () => {});
  await once(silent, "connect");
  const session = http2.connect(endpoint);
  session.on("error", () => {});
  await once(session, "connect");
  const ended = Promise.all([once(silent, "close"), once(session, "close")]);
  await emulator.close();
  await emulator.close();
  await ended;
  agent.destroy();
  emulator = await startEmulator({ port });
  expect(emulator.port).toBe(port);
});

test("a port that is taken is a clear error", async () => {
  emulator = await startEmulator();
  await expect(startEmulator({ port: emulator.port })).rejects.toMatchObject({
    code: "ERR_ENDPOINT",
    place: `127.0.0.1:${String(emulator.port)}`,
  });
});

test("a fault can answer, delay or cut a request, and never sees the secret", async () => {
  const seen: string[] = [];
  emulator = await startEmulator({
    faults: (request) => {
      seen.push(JSON.stringify(request));
      if (request.number === 1) return { status: 429 };
      if (request.number === 2) return { cut: "before" };
      if (request.number === 3) return { delayMs: 5 };
      return undefined;
    },
  });
  const ask = (path: string): Promise<Response> =>
    fetch(`${emulator?.endpoint}${path}`, {
      method: "POST",
      headers: { authorization: "Bearer hush" },
      body: "1",
    });
  const limited = await ask("/query/1");
  expect(limited.status).toBe(429);
  expect(await limited.text()).toBe(
    '{"error":{"code":"limit_exceeded","message":"Rate limit exceeded"}}',
  );
  await expect(ask("/")).rejects.toThrow("fetch failed");
  expect((await ask("/nope")).status).toBe(404);
  expect((await ask("/nope")).status).toBe(404);
  expect(seen).toHaveLength(4);
  expect(seen.join("\n")).not.toContain("hush");
});
