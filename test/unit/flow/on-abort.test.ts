import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { onAbort } from "../../../src/flow/flow.ts";

describe("onAbort", () => {
  it("tells all who wait, in their order, by one listener", () => {
    const { signal, abort } = abortable();
    const told: number[] = [];
    for (let n = 0; n < 100; n++) onAbort(signal, () => told.push(n));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    abort();
    expect(told).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("does not tell whoever waits no longer, and leaves no listener behind the last one", () => {
    const { signal, abort } = abortable();
    const told: string[] = [];
    const tell = (name: string) => () => void told.push(name);
    const ends = ["a", "b", "b"].map((name) => onAbort(signal, tell(name)));
    ends[0]!();
    ends[0]!();
    ends[1]!();
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    ends[2]!();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const end = onAbort(signal, tell("c"));
    ends[2]!();
    abort();
    end();
    expect(told).toEqual(["c"]);
  });

  it("lets those who are told end the waiting of others", () => {
    const { signal, abort } = abortable();
    const told: string[] = [];
    onAbort(signal, () => other());
    const other = onAbort(signal, () => told.push("other"));
    abort();
    expect(told).toEqual([]);
  });

  it("tells nobody of a signal that is aborted already, or of none", () => {
    const { signal, abort } = abortable();
    abort();
    const told: string[] = [];
    onAbort(signal, () => told.push("aborted"))();
    onAbort(undefined, () => told.push("none"))();
    expect(told).toEqual([]);
  });
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
