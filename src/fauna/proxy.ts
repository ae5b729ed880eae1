import { request } from "node:http";
import type { Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { failure, socketFailure } from "./failure.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy that stands between us and the endpoint. */
export class Proxy {
  readonly url: URL;
  /** What the proxy itself wants to see. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(url: URL) {
    this.url = url;
    const { username, password } = url;
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.headers =
      username === ""
        ? {}
        : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` };
  }

  /** Its address without login. */
  get place(): string {
    return `proxy ${this.url.origin}`;
  }

  /** A TLS connection to `endpoint` through the proxy (CONNECT), which sees none of what passes. */
  async secureTunnel(endpoint: URL, options: SecureOptions): Promise<TLSSocket> {
    const socket = await this.#connect(endpoint, options.connectMs);
    return secure(endpoint, { ...options, socket });
  }

  #connect(endpoint: URL, connectMs: number): Promise<Socket> {
    const authority = `${endpoint.hostname}:${endpoint.port === "" ? 443 : endpoint.port}`;
    return new Promise((resolve, reject) => {
      const connecting = request({
        host: this.url.hostname,
        port: this.url.port === "" ? 80 : Number(this.url.port),
        method: "CONNECT",
        path: authority,
        headers: { host: authority, ...this.headers },
        agent: false,
      });
      const timer = setTimeout(() => connecting.destroy(tooLate()), connectMs);
      connecting.once("close", () => clearTimeout(timer));
      connecting.once("connect", (response, socket) => {
        clearTimeout(timer);
        if (response.statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(
          failure("unreachable", `The proxy refused the connection (${response.statusCode}).`, {
            place: this.place,
            hint: "Check HTTPS_PROXY and NO_PROXY.",
          }),
        );
      });
      connecting.once("error", (error) => reject(socketFailure(error, this.place, false)));
      connecting.end();
    });
  }
}

export interface SecureOptions {
  /** What we can speak over it, best first. */
  readonly protocols: readonly string[];
  /** An authority to trust in place of those that Node knows, in PEM. */
  readonly ca?: string | undefined;
  /** How long connection and handshake may take, in milliseconds. */
  readonly connectMs: number;
}

/** What ends a connection that does not come about. */
export function tooLate(): Error {
  return Object.assign(new Error("The connection does not come about."), { code: "ETIMEDOUT" });
}

/** A TLS connection to `endpoint`, over `socket` if there is one already. Resolves after the handshake. */
export function secure(
  endpoint: URL,
  { protocols, ca, connectMs, socket }: SecureOptions & { readonly socket?: Socket },
): Promise<TLSSocket> {
  const host = endpoint.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      ...(socket === undefined
        ? { host, port: endpoint.port === "" ? 443 : Number(endpoint.port) }
        : { socket }),
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      ...(ca === undefined ? {} : { ca }),
      ALPNProtocols: [...protocols],
    });
    const onError = (error: Error): void => reject(socketFailure(error, endpoint.origin, false));
    secured.once("error", onError);
    const timer = setTimeout(() => secured.destroy(tooLate()), connectMs);
    secured.once("close", () => clearTimeout(timer));
    secured.once("secureConnect", () => {
      clearTimeout(timer);
      secured.off("error", onError);
      resolve(secured);
    });
  });
}

/**
 * The proxy for an endpoint as HTTP_PROXY, HTTPS_PROXY and NO_PROXY ask for it, in capitals or not. This
 * machine itself is never reached through a proxy.
 */
export function proxyFor(endpoint: URL, env: Environment): Proxy | undefined {
  const name = endpoint.protocol === "https:" ? "https_proxy" : "http_proxy";
  const value = env[name] ?? env[name.toUpperCase()];
  if (value === undefined || value === "" || isLoopback(endpoint.hostname)) return undefined;
  if (isExempt(endpoint, env["no_proxy"] ?? env["NO_PROXY"] ?? "")) return undefined;
  const text = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(text) || new URL(text).protocol !== "http:") {
    throw failure("unreachable", `${name.toUpperCase()} is not the address of an HTTP proxy.`, {
      hint: "It should look like http://proxy.example:3128.",
    });
  }
  return new Proxy(new URL(text));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

function isExempt(endpoint: URL, exempt: string): boolean {
  return exempt
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      const [host, port] = entry.toLowerCase().split(":");
      if (host === "*") return true;
      if (port !== undefined && port !== endpoint.port) return false;
      const suffix = host!.replace(/^\*?\./, "");
      return endpoint.hostname === suffix || endpoint.hostname.endsWith(`.${suffix}`);
    });
}
