import { describe, expect, it } from "vitest";
import { LossCount, pointerTo, refuseLoss } from "../../../src/values/loss.ts";

describe("losses", () => {
  it("are counted by kind, each with the place of its first", () => {
    const count = new LossCount();
    count.onLoss({ kind: "lambda", pointer: "/a" });
    count.onLoss({ kind: "lambda", pointer: "/b" });
    count.onLoss({ kind: "set", pointer: "/c" });
    expect([...count.counts]).toEqual([
      ["lambda", 2],
      ["set", 1],
    ]);
    expect(count.total).toBe(3);
    expect(count.example("lambda")).toBe("/a");
    expect(count.example("none")).toBeUndefined();
  });

  it("are refused with the sentence that declares them and their place", () => {
    expect(() => refuseLoss({ lambda: "No lambdas." })({ kind: "lambda", pointer: "/a" })).toThrow(
      expect.objectContaining({
        code: "ERR_RECORD",
        message: expect.stringContaining("No lambdas."),
        place: "/a",
        details: { kind: "lambda" },
      }),
    );
  });

  it("are placed by JSON pointers", () => {
    expect(pointerTo(pointerTo("", "a/b"), "~")).toBe("/a~1b/~0");
  });
});
