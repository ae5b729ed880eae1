/** One exchange over one connection; the HTTP versions differ only below this line. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Aborts when the deadline passes or the caller gives up; the wire then rejects with its reason. */
  readonly signal: AbortSignal;
  /** Larger answers are not read to their end. */
  readonly maxBytes: number;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer<ArrayBuffer>;
}

export interface Wire {
  /** @throws a failure of `failure.ts`, or the reason of `exchange.signal`. */
  exchange(exchange: Exchange): Promise<WireAnswer>;
  close(): void;
}

/** Repeated headers are joined as HTTP allows; pseudo headers of HTTP/2 are left out. */
export function plainHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    plain[name.toLowerCase()] = typeof value === "string" ? value : value.join(", ");
  }
  return plain;
}

/** Whether a body of `bytes` is all of what the `content-length` header, if there is one, promised. */
export function isWhole(headers: Readonly<Record<string, string>>, bytes: number): boolean {
  const promised = headers["content-length"];
  return promised === undefined || Number(promised) === bytes;
}
