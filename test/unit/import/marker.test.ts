/** The mark of an import in its target, and which run has it. */
import { hostname } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Connection } from "../../../src/fauna/fauna.ts";
import { holderHere } from "../../../src/flow/flow.ts";
import {
  begin,
  giveBack,
  type Owner,
  readMark,
  readMarker,
  removeMark,
  takeOver,
  updateMarker,
} from "../../../src/import/marker.ts";
import { Bench } from "../../support/bench.ts";

const { signal } = new AbortController();
const marked = { source: "s", started: "2026-01-01T00:00:00Z", database: "y", asked: "" };
let bench: Bench;
let target: Connection;
let one: Owner;
let other: Owner;

beforeAll(async () => {
  bench = await Bench.start();
  one = { ...(await holderHere("one")), since: "2026-01-01T00:00:00Z" };
  other = { ...one, token: "other", host: "elsewhere", birth: null, since: "2026-01-02T00:00:00Z" };
});

beforeEach(async () => {
  target = await bench.emptyDatabase();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const start = (owner: Owner, untouched = "true") =>
  begin(target, owner, { marked, untouched }, signal);
const remove = (owner: Owner, isRepeated = false) =>
  removeMark(target, owner, { isRepeated }, signal);

describe("the mark of an import", () => {
  it("says which import it is, how far it is, and which run has it", async () => {
    expect(await start(one)).toBe(true);
    const before = await readMark(target, signal);
    await updateMarker(target, "half", signal);
    await updateMarker(target, "half", signal);
    const { marker, owner, noted, now } = await readMark(target, signal);
    expect(marker).toMatchObject({ ...marked, progress: "half" });
    expect(owner).toEqual(one);
    expect(owner).toMatchObject({ host: hostname(), pid: process.pid });
    expect(noted).toBeGreaterThan(before.noted);
    expect(now).toBeGreaterThan(noted);
  });

  it("is set by one of several runs, and again by the same without harm", async () => {
    const set = await Promise.all([start(one), start(other), start(one)]);
    const { owner } = await readMark(target, signal);
    expect(set).toEqual(owner?.token === "one" ? [true, false, true] : [false, true, false]);
  });

  it("is not set where something was written since it was looked at", async () => {
    const untouched = '{"is_empty":{"paginate":{"collections":null},"size":1}}';
    expect(await start(one, untouched)).toBe(true);
    expect(await remove(one)).toBe(true);
    await target.v10('Collection.create({ name: "A" })');
    expect(await start(one, untouched)).toBe(false);
    expect(await bench.definitionsOf(target)).not.toContain("functions/fauna_ark_import");
  });

  it("is taken over as it was found, and not when it was noted in or taken since", async () => {
    await start(one);
    const found = await readMark(target, signal);
    await updateMarker(target, "more", signal);
    expect(await takeOver(target, other, found, signal)).toBe(false);
    const again = await readMark(target, signal);
    expect(await takeOver(target, other, again, signal)).toBe(true);
    expect(await takeOver(target, other, again, signal)).toBe(true);
    expect(await takeOver(target, one, again, signal)).toBe(false);
    const { owner, marker } = await readMark(target, signal);
    expect(owner).toEqual(other);
    expect(marker).toMatchObject({ ...marked, progress: "more" });
  });

  it("is taken away only by the run that has it", async () => {
    await start(one);
    expect(await remove(other)).toBe(false);
    expect(await remove(other, true)).toBe(false);
    expect(await remove(one)).toBe(true);
    expect(await bench.definitionsOf(target)).toEqual([]);
  });

  it("that is gone counts as taken away when that was tried before, and not when it was not", async () => {
    await start(one);
    await remove(one);
    expect(await remove(one)).toBe(false);
    expect(await remove(one, true)).toBe(true);
  });

  it("that was given back is still there, and nobody's", async () => {
    await start(one);
    await giveBack(target, other, signal);
    expect((await readMark(target, signal)).owner).toEqual(one);
    await giveBack(target, one, signal);
    const mark = await readMark(target, signal);
    expect(mark).toMatchObject({ marker: marked, owner: undefined });
    expect(await takeOver(target, other, mark, signal)).toBe(true);
  });

  it("of a version that knew of no owners is taken over", async () => {
    const data = JSON.stringify({ ...marked, format: "2", progress: "half" });
    const create = `{"create_function":{"object":{"name":"fauna_ark_import","body":{"query":{"lambda":"_","expr":null}},"data":{"quote":${data}}}}}`;
    await target.v4(`{"do":[${create},null]}`);
    const mark = await readMark(target, signal);
    expect(mark).toMatchObject({ marker: { format: "2", progress: "half" }, owner: undefined });
    expect(await takeOver(target, one, mark, signal)).toBe(true);
    // That version is not to go on with it any more.
    expect(await readMark(target, signal)).toMatchObject({ marker: { format: "3" }, owner: one });
  });

  it("says so when somebody has taken it away", async () => {
    await expect(updateMarker(target, "more", signal)).rejects.toMatchObject({
      code: "ERR_BUSY",
      hint: expect.stringContaining("verify ARCHIVE --against") as string,
    });
    expect(await readMarker(target, signal)).toBeUndefined();
  });
});
