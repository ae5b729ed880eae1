import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DigestKernel, type Limbs, TEXT_MAX } from "../../../src/values/digest-kernel.ts";

const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

const noSums = (): Limbs => ({ exact: new Float64Array(8), content: new Float64Array(8) });

/** What limbs add up to, modulo 2^256. */
const total = (limbs: Float64Array): bigint =>
  BigInt.asUintN(
    256,
    limbs.reduceRight((sum, limb) => (sum << 32n) + BigInt(limb), 0n),
  );

/** Someone who has records hashed, and hashes them another way. */
class Owner {
  readonly limbs = noSums();
  #content = 0n;
  #exact = 0n;

  add(kernel: DigestKernel, text: Uint8Array, ts: string): void {
    const at = kernel.place(this.limbs);
    kernel.memory.set(text, at);
    const bytes = Buffer.from(`ts ${ts},`);
    kernel.push(text.length, bytes, 3, bytes.length - 1);
    const content = sha256(text);
    this.#content += BigInt(`0x${content}`);
    this.#exact += BigInt(`0x${sha256(`${content}:${ts}`)}`);
  }

  expectSums(): void {
    expect(total(this.limbs.content)).toBe(BigInt.asUintN(256, this.#content));
    expect(total(this.limbs.exact)).toBe(BigInt.asUintN(256, this.#exact));
  }
}

const textOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + length * 7) & 0xff);

describe("the kernel that hashes records", () => {
  it("gives the digests that node:crypto gives, for texts of every length of some blocks", () => {
    const kernel = new DigestKernel();
    for (let length = 0; length <= 400; length++) {
      const owner = new Owner();
      owner.add(kernel, textOf(length), String(length));
      kernel.settle();
      owner.expectSums();
    }
  });

  it("adds up any number of records, long ones among short ones", () => {
    const kernel = new DigestKernel();
    const owner = new Owner();
    const lengths = Array.from({ length: 3000 }, (_, n) => (n % 97 === 0 ? 40 * n : n % 300));
    for (const [n, length] of [TEXT_MAX, ...lengths, TEXT_MAX, TEXT_MAX - 1].entries())
      owner.add(kernel, textOf(Math.min(length, TEXT_MAX)), String(-(2 ** 53) + n));
    kernel.settle();
    owner.expectSums();
  });

  it("keeps the sums apart of those who take turns", () => {
    const kernel = new DigestKernel();
    const owners = [new Owner(), new Owner(), new Owner()];
    for (let n = 0; n < 2000; n++) {
      const owner = owners[n % 7 < 3 ? 0 : n % 3]!;
      owner.add(kernel, textOf(n % 250), "1795259107540000");
    }
    kernel.settle();
    for (const owner of owners) owner.expectSums();
  });

  it("adds nothing when nothing was taken", () => {
    const kernel = new DigestKernel();
    const owner = new Owner();
    owner.add(kernel, textOf(5), "0");
    kernel.settle();
    kernel.settle();
    owner.expectSums();
  });
});
