import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttps } from "node:https";
import {
  connect as connectTcp,
  createServer as createTcp,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import { failureOf } from "../../../src/fauna/failure.ts";
import { HttpTransport } from "../../../src/fauna/http.ts";
import { proxyFor } from "../../../src/fauna/proxy.ts";
import type { FaunaRequest } from "../../../src/fauna/transport.ts";
import { cannedServer } from "../../support/canned-server.ts";
import { selfSigned } from "../../support/certificate.ts";

const REQUEST: FaunaRequest = {
  method: "POST",
  path: "/x?y=1",
  headers: {},
  body: "{}",
  idempotent: true,
  timeoutMs: 5_000,
};

const certificate = selfSigned();

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(request: { httpVersion: string }, response: { end(text: string): void }): void {
  response.end(request.httpVersion);
}

/** A server that answers with the HTTP version it was asked in. */
function secureServer(http2: boolean): Promise<Listening> {
  return listening(
    http2 ? createSecureServer(certificate, answer as never) : createHttps(certificate, answer),
  );
}

/** A proxy for CONNECT and for plain requests, which remembers what passed. */
async function proxyServer(): Promise<Listening & { readonly passed: string[] }> {
  const passed: string[] = [];
  const server = createHttp((request, response) => {
    passed.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"] ?? ""}`);
    response.end("through the proxy");
  });
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    passed.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"] ?? ""}`);
    // Names of the outside world all lead back to this machine.
    const port = Number(request.url!.split(":")[1]);
    const onward = connectTcp(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  return { ...(await listening(server)), passed };
}

async function failing(promise: Promise<unknown>): Promise<ArkError> {
  const error: unknown = await promise.then(
    () => new Error("It should have failed."),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ArkError);
  return error as ArkError;
}

describe("HttpTransport over TLS", () => {
  it("refuses a certificate that no authority vouches for, and says how to name one", async () => {
    const server = await secureServer(true);
    const transport = new HttpTransport({ endpoint: new URL(`https://localhost:${server.port}`) });
    const error = await failing(transport.send(REQUEST));
    expect(failureOf(error)).toMatchObject({ kind: "tls", ambiguous: false });
    expect(error.hint).toContain("NODE_EXTRA_CA_CERTS");
    await transport.close();
    await server.close();
  });

  it.each([
    ["a server", {}],
    ["a server spoken to in HTTP/1.1 only", { http1: true }],
    ["a proxy", { proxied: true }],
  ])("gives up soon on %s that takes the connection and then says nothing", async (_, how) => {
    const mute = await listening(createTcp());
    const { proxied = false, ...options } = how as { proxied?: boolean; http1?: boolean };
    const transport = new HttpTransport({
      endpoint: new URL(proxied ? "https://fauna.invalid" : `https://127.0.0.1:${mute.port}`),
      env: proxied ? { HTTPS_PROXY: `http://127.0.0.1:${mute.port}` } : {},
      connectMs: 50,
      ...options,
    });
    const error = await transport.send(REQUEST).catch((thrown: unknown) => thrown);
    expect(failureOf(error)).toMatchObject({ kind: "unreachable", ambiguous: false });
    await transport.close();
    await mute.close();
  });

  it("says that the port may speak plain HTTP", async () => {
    await using server = await cannedServer({ http1: true, reply: () => ({ body: "{}" }) });
    const endpoint = new URL(server.endpoint.replace("http:", "https:"));
    for (const http1 of [false, true]) {
      const transport = new HttpTransport({ endpoint, http1 });
      const error = await failing(transport.send(REQUEST));
      expect(error.code).toBe("ERR_ENDPOINT");
      expect(error.hint).toContain("http://");
      await transport.close();
    }
  });
});

describe("HttpTransport over TLS that is trusted", () => {
  const { cert: ca } = certificate;

  it.each([
    ["HTTP/2 where the server can", true, false, "2.0"],
    ["HTTP/1.1 where it cannot", false, false, "1.1"],
    ["HTTP/1.1 where it is told to", false, true, "1.1"],
  ])("speaks %s", async (_name, http2, http1, version) => {
    const server = await secureServer(http2);
    const endpoint = new URL(`https://localhost:${server.port}`);
    const transport = new HttpTransport({ endpoint, http1, ca });
    for (let i = 0; i < 2; i++) expect((await transport.send(REQUEST)).text).toBe(version);
    await transport.close();
    await server.close();
  });

  it.each([
    [true, false, "2.0"],
    [false, false, "1.1"],
    [false, true, "1.1"],
  ])("goes through a proxy's tunnel (http2: %s, told http1: %s)", async (http2, http1, version) => {
    const server = await secureServer(http2);
    const proxy = await proxyServer();
    const transport = new HttpTransport({
      endpoint: new URL(`https://fauna.test:${server.port}`),
      http1,
      ca,
      env: { HTTPS_PROXY: `http://user:pass@127.0.0.1:${proxy.port}` },
    });
    expect((await transport.send(REQUEST)).text).toBe(version);
    const login = Buffer.from("user:pass").toString("base64");
    expect(proxy.passed[0]).toBe(`CONNECT fauna.test:${server.port} Basic ${login}`);
    await transport.close();
    await proxy.close();
    await server.close();
  });
});

describe("proxies", () => {
  it("carry plain requests, too", async () => {
    const proxy = await proxyServer();
    const env = { http_proxy: `http://127.0.0.1:${proxy.port}` };
    const transport = new HttpTransport({ endpoint: new URL("http://fauna.test:8443"), env });
    expect((await transport.send(REQUEST)).text).toBe("through the proxy");
    expect(proxy.passed).toEqual(["POST http://fauna.test:8443/x?y=1 "]);
    await transport.close();
    await proxy.close();
  });

  it("that refuse are named without their login", async () => {
    const server = createHttp();
    server.on("connect", (_request: IncomingMessage, socket: Socket) =>
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
    );
    const proxy = await listening(server);
    const transport = new HttpTransport({
      endpoint: new URL("https://fauna.test"),
      env: { HTTPS_PROXY: `http://user:password@127.0.0.1:${proxy.port}` },
    });
    const error = await failing(transport.send(REQUEST));
    expect(error.message).toContain("407");
    expect(`${error.message}${error.place}${error.hint}`).not.toContain("password");
    await transport.close();
    await proxy.close();
  });

  it.each([
    ["https://fauna.test", { HTTPS_PROXY: "http://p:1" }, true],
    ["https://fauna.test", { https_proxy: "p:1" }, true],
    ["http://fauna.test", { HTTPS_PROXY: "http://p:1" }, false],
    ["https://fauna.test", { HTTPS_PROXY: "" }, false],
    ["https://fauna.test", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, false],
    ["https://fauna.test", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.b, .test" }, false],
    ["https://fauna.test:8443", { HTTPS_PROXY: "http://p:1", NO_PROXY: "fauna.test:443" }, true],
    ["https://a.fauna.test", { HTTPS_PROXY: "http://p:1", no_proxy: "fauna.test" }, false],
    ["http://localhost:8443", { HTTP_PROXY: "http://p:1" }, false],
    ["http://127.0.0.1:8443", { HTTP_PROXY: "http://p:1" }, false],
  ])("for %s with %j are used: %s", (endpoint, env, used) => {
    expect(proxyFor(new URL(endpoint), env) !== undefined).toBe(used);
  });

  it("whose address makes no sense are refused", () => {
    const endpoint = new URL("https://fauna.test");
    for (const address of ["socks5://p:1", "http://"]) {
      expect(() => proxyFor(endpoint, { HTTPS_PROXY: address })).toThrow(ArkError);
    }
  });
});
