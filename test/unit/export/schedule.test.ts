import { describe, expect, it } from "vitest";
import { RangeInProgress } from "../../../src/export/range-in-progress.ts";
import { type Listing, Schedule, type Task } from "../../../src/export/schedule.ts";
import type { IdRange } from "../../../src/fauna/fauna.ts";
import { recordsOf } from "../../../src/values/record-lines.ts";
import type { DocumentRecord } from "../../../src/values/record.ts";

/** The ids from `from` to `to`, a document each, that can be cut after every `step`. */
function range(from: number, to: number, step = 10): IdRange {
  const documents = to - from + 1;
  const cuts = Array.from({ length: Math.ceil(documents / step) - 1 }, (_, i) => ({
    to: String(from + (i + 1) * step - 1),
    documents: (i + 1) * step,
  }));
  return { collection: "C", from: String(from), to: String(to), documents, cuts };
}

const page = (from: number, to: number): DocumentRecord[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    id: String(from + i),
    ts: 1n,
    dataText: "{}",
  }));

const nothing: Listing = { next: () => Promise.resolve(undefined) };

const said = (task: Task | undefined): string =>
  task === undefined
    ? "nothing"
    : task.kind === "list"
      ? "list"
      : `read ${task.range.from} to ${task.range.to}`;

describe("a range in progress", () => {
  it("gives away half of what has not come yet", () => {
    const whole = new RangeInProgress(range(1, 160), 5);
    whole.arrived(page(1, 40), 0);
    const tail = whole.split();
    expect(tail).toMatchObject({ from: "101", to: "160", documents: 60 });
    expect(tail?.cuts.map(({ to }) => to)).toEqual(["110", "120", "130", "140", "150"]);
    expect(whole).toMatchObject({ from: "1", to: "100", documents: 100 });
  });

  it("gives nothing away that may have been asked for already, nor less than a page", () => {
    const whole = new RangeInProgress(range(1, 50), 20);
    expect(whole.split()).toBeUndefined();
    const larger = new RangeInProgress(range(1, 80), 20);
    larger.arrived(page(1, 10), 0);
    expect(larger.split()).toMatchObject({ from: "51" });
    expect(larger.split()).toBeUndefined();
  });

  it("gives nothing away that has come, where fewer documents are there than were listed", () => {
    const whole = new RangeInProgress(range(1, 160), 5);
    whole.arrived(page(100, 120), 0);
    expect(whole.split()).toMatchObject({ from: "121", to: "160" });
    const none = new RangeInProgress(range(1, 160), 5);
    none.arrived(page(1, 40), 0);
    none.ended();
    expect(none.split()).toBeUndefined();
  });

  it("gives away little, too, where documents are large and pages short of the most they could have", () => {
    const whole = new RangeInProgress(range(1, 400), 4000);
    expect(whole.split()).toBeUndefined();
    whole.arrived(page(1, 3), 1);
    expect(whole.split()).toMatchObject({ from: "201" });
  });

  it("notes what it has seen once, and with the ids that it was seen among", () => {
    const some = new RangeInProgress(range(1, 100), 10);
    for (const id of ["3", "40", "41"]) some.leftOut(id);
    some.seen({ expired: 2, lost: 1 });
    expect(some.counted("40")).toEqual({ expired: 2, lost: 1, credentials: 2 });
    expect(some.counted("100")).toEqual({ expired: 0, lost: 0, credentials: 1 });
  });

  it("hands on nothing of what it gave away", () => {
    const whole = new RangeInProgress(range(1, 160), 5);
    whole.split();
    expect(whole.to).toBe("80");
    const records = recordsOf(whole.arrived(page(70, 90), 0));
    expect(records.at(-1)?.id).toBe("80");
  });
});

describe("what a run does next", () => {
  it("is listing, in one slot, and reading the largest range in the others", async () => {
    const schedule = new Schedule([nothing], [range(1, 5), range(10, 40), range(50, 60)], {
      slots: 3,
      pageSize: 1,
    });
    expect(said(await schedule.next())).toBe("list");
    expect(said(await schedule.next())).toBe("read 10 to 40");
    expect(said(await schedule.next())).toBe("read 50 to 60");
  });

  it("is reading, where there is only one slot, as soon as a range has closed", async () => {
    const schedule = new Schedule([nothing], [], { slots: 1, pageSize: 1 });
    const first = (await schedule.next())!;
    expect(said(first)).toBe("list");
    schedule.ended(first, [range(1, 10)]);
    const second = (await schedule.next())!;
    expect(said(second)).toBe("read 1 to 10");
    schedule.ended(second);
    expect(said(await schedule.next())).toBe("list");
  });

  it("is listing several collections at once while nothing is there to be read", async () => {
    const schedule = new Schedule([nothing, nothing], [], { slots: 2, pageSize: 1 });
    expect([said(await schedule.next()), said(await schedule.next())]).toEqual(["list", "list"]);
  });

  it("is taking over the tail of the slowest range when all others are begun", async () => {
    const schedule = new Schedule([], [range(1, 100), range(200, 300)], { slots: 3, pageSize: 5 });
    const slots = [await schedule.next(), await schedule.next()];
    const quick = slots.find((task) => said(task) === "read 200 to 300") as Task & { kind: "read" };
    quick.range.arrived(page(200, 280), 0);
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(said(await schedule.next())).toBe("read 51 to 100");
  });

  it("is waiting for what the others bring, and nothing at the end", async () => {
    const schedule = new Schedule([nothing], [], { slots: 2, pageSize: 5 });
    const list = (await schedule.next())!;
    const waiting = schedule.next();
    schedule.ended(list, [range(1, 4), range(5, 6)]);
    const tasks = [await waiting, await schedule.next(), await schedule.next()];
    expect(tasks.map(said)).toEqual(["list", "read 1 to 4", "read 5 to 6"]);
    const last = schedule.next();
    for (const task of tasks) schedule.ended(task!);
    expect(said(await last)).toBe("nothing");
  });

  it("is nothing once it was stopped", async () => {
    const schedule = new Schedule([nothing], [range(1, 2)], { slots: 2, pageSize: 5 });
    const task = (await schedule.next())!;
    schedule.stop();
    schedule.ended(task);
    expect(await schedule.next()).toBeUndefined();
  });
});
