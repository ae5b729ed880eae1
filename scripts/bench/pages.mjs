// Pages of a collection that is there only as prepared bytes: whatever page is asked for is a slice of them.
import { COLLECTION, firstFrom, refText, v10Document, v4Document } from "./documents.mjs";

/** Texts joined by commas in one buffer, of which any run can be had without making anything. */
class Joined {
  constructor(count, textOf) {
    const chunks = [];
    this.ends = new Float64Array(count + 1);
    let at = 0;
    for (let start = 0; start < count; start += 1000) {
      const texts = Array.from({ length: Math.min(1000, count - start) }, (_, n) =>
        textOf(start + n),
      );
      for (const [n, text] of texts.entries()) this.ends[start + n + 1] = at += text.length + 1;
      chunks.push(Buffer.from(`${texts.join(",")},`, "latin1"));
    }
    this.bytes = Buffer.concat(chunks, at);
  }

  slice(from, to) {
    return from >= to
      ? this.bytes.subarray(0, 0)
      : this.bytes.subarray(this.ends[from], this.ends[to] - 1);
  }
}

export class Pages {
  #count;
  #made = new Map();

  constructor(count, { largeEvery = Infinity } = {}) {
    this.#count = count;
    this.#joined("v4", (n) => v4Document(n, largeEvery));
    this.#joined("refs", refText);
  }

  #joined(kind, textOf) {
    if (!this.#made.has(kind)) this.#made.set(kind, new Joined(this.#count, textOf));
    return this.#made.get(kind);
  }

  /** The answer's parts; undefined when the request asks for no page of the collection. */
  answer(path, body) {
    return path === "/query/1" ? this.#v10(body) : this.#v4(body);
  }

  #v4(body) {
    if (!body.includes(`"documents":{"collection":"${COLLECTION}"}`)) return undefined;
    if (!body.includes('"paginate"')) return undefined;
    const size = Number(/"size":(\d+)/.exec(body)?.[1] ?? 64);
    const from =
      /"after":\[[^\]]*?"id":"(\d+)"/.exec(body) ?? /"from":\[[^\]]*?"id":"(\d+)"/.exec(body);
    const to = /"to":\[[^\]]*?"id":"(\d+)"/.exec(body);
    const first = from === null ? 0 : firstFrom(from[1]);
    const end = Math.min(
      this.#count,
      to === null ? Infinity : firstFrom(String(BigInt(to[1]) + 1n)),
    );
    const next = Math.min(end, first + size);
    const after = next < end ? `"after":[${refText(next)}],` : "";
    const pages = this.#joined(body.includes('"get"') ? "v4" : "refs");
    return [`{"resource":{${after}"data":[`, pages.slice(first, next), "]}}"];
  }

  #v10(body) {
    const token = /bench:(\d+):(\d+)/.exec(body);
    const size = Number(/pageSize\((\d+)\)/.exec(body)?.[1] ?? token?.[2] ?? 16);
    const isSet = token === null;
    if (isSet && !body.includes('"Collection(",{"value":')) return undefined;
    const first = Number(token?.[1] ?? 0);
    const next = Math.min(this.#count, first + Number(/"@int":"(\d+)"/.exec(body)?.[1] ?? size));
    const after = next < this.#count ? `,"after":"bench:${next}:${size}"` : "";
    const page = this.#joined("v10", v10Document).slice(first, next);
    const [head, tail] = isSet ? ['{"@set":{', "}}"] : ["{", "}"];
    return [`{"data":${head}"data":[`, page, `]${after}${tail},"txn_ts":1795259107540000}`];
  }
}
