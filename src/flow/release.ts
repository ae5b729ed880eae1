import { MessageChannel, type MessagePort } from "node:worker_threads";

/** A port that is closed: what is handed over to it is freed (ArrayBuffer.prototype.transfer would do; Node 20 has none). */
let nowhere: MessagePort | undefined;
let isClosed = false;

function close(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  // Until then messages would wait for somebody to take them.
  port1.once("close", () => (isClosed = true));
  port2.close();
  return port1;
}

/**
 * Frees the memory behind bytes that nobody may look at any more, now and not when the collector comes by; all views of
 * it are empty then. Whoever moves gigabytes through buffers of a megabyte spares the collector, which is called for
 * what lies outside the heap, too, and the kernel, which has to hand out fresh pages until then.
 *
 * Bytes that are only a part of their buffer stay as they are: others may lie beside them. So do those that are the
 * first, for a turn of the event loop.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (byteLength === 0 || byteLength !== buffer.byteLength) return;
  nowhere ??= close();
  if (isClosed && buffer instanceof ArrayBuffer) nowhere.postMessage(undefined, [buffer]);
}
