import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { HttpTransport } from "../../src/fauna/http.ts";
import type { Transport } from "../../src/fauna/transport.ts";

const OFF = {
  status: 410,
  headers: {},
  text: '{"errors":[{"position":[],"code":"forbidden","description":"FQL v4 is switched off."}]}',
  bytes: 0,
};

/** A connection to a database as if it had FQL v4 switched off. */
export class V10Only implements AsyncDisposable {
  readonly connection: Connection;
  readonly transport: Transport;

  constructor(endpoint: string, secret: string) {
    const wire = new HttpTransport({ endpoint: new URL(endpoint) });
    this.transport = {
      send: (request) => (request.path === "/" ? Promise.resolve(OFF) : wire.send(request)),
      close: () => wire.close(),
    };
    this.connection = connect({ endpoint, secret, transport: this.transport });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection.close();
  }
}
