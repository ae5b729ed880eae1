import { describe, expect, it } from "vitest";
import { DocRef, isDataError } from "../../../../src/emulator/data/data.ts";
import { Time } from "../../../../src/values/time.ts";
import { Bench, DAY, MINUTE, document, field, fields, ids } from "./bench.ts";

const OLD = 1_500_000_000_000_000n;

/** Actions and values of a document's history. */
function historyOf(bench: Bench, ref: DocRef): [string, unknown][] {
  return bench.run((t) =>
    t
      .history(ref)
      .map(({ action, version }) => [
        action,
        (version.fields.get("data") as Map<string, unknown> | undefined)?.get("v"),
      ]),
  );
}

function isStale(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (isDataError(error, "stale_read")) return true;
    throw error;
  }
}

describe("reads at past times", () => {
  it("see the document as it was then", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const ref = new DocRef(c, 1n);
    const first = bench.put(c, 1n, { v: 1n });
    bench.wait(MINUTE);
    bench.run((t) => t.update(ref, document({ v: 2n })));
    bench.wait(MINUTE);
    const gone = bench.run((t) => {
      t.delete(ref);
      return t.now;
    });
    bench.run((t) => {
      expect(t.get(ref, first - 1n)).toBeUndefined();
      expect(t.get(ref, first)?.fields).toEqual(document({ v: 1n }));
      expect(t.get(ref, gone - 1n)?.fields).toEqual(document({ v: 2n }));
      expect(t.get(ref, gone)).toBeUndefined();
      expect(t.get(ref, t.now + DAY)).toBeUndefined();
      expect(ids(t.documents(c, { at: first }))).toEqual([1]);
    });
  });

  it("reach back a quarter of an hour without history_days, and that much more with them", () => {
    const bench = new Bench();
    const short = bench.collection("short");
    const long = bench.collection("long", { history_days: 30n });
    bench.run((t) => {
      expect(isStale(() => t.documents(short, { at: t.now - 15n * MINUTE }))).toBe(false);
      expect(isStale(() => t.documents(short, { at: t.now - 15n * MINUTE - 1n }))).toBe(true);
      expect(isStale(() => t.get(new DocRef(long, 1n), t.now - 30n * DAY))).toBe(false);
      expect(isStale(() => t.get(new DocRef(long, 1n), t.now - 31n * DAY))).toBe(true);
    });
  });

  it("do not reach further back when history_days grows, until time has passed", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.wait(DAY);
    const changed = bench.run((t) => {
      t.update(new DocRef(1, BigInt(c)), fields({ history_days: 30n }));
      return t.now;
    });
    bench.wait(DAY);
    bench.run((t) => {
      expect(t.minimumTime(c)).toBe(changed - 15n * MINUTE);
      expect(isStale(() => t.documents(c, { at: changed }))).toBe(false);
    });
  });

  it("lose the past when history_days becomes null", () => {
    const bench = new Bench();
    const c = bench.collection("c", { history_days: 30n });
    const changed = bench.run((t) => {
      t.update(new DocRef(1, BigInt(c)), new Map([["history_days", null]]));
      return t.now;
    });
    bench.wait(100n * DAY);
    expect(bench.run((t) => t.minimumTime(c))).toBe(changed - 15n * MINUTE);
  });

  it("reach the beginning of time for schema", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const born = bench.cluster.clock.last;
    bench.wait(1000n * DAY);
    bench.run((t) => t.update(new DocRef(1, BigInt(c)), fields({ name: "renamed" })));
    bench.run((t) => {
      expect(t.definitions.find(1, "renamed", born)?.version.fields.get("name")).toBe("c");
      expect(t.get(new DocRef(1, BigInt(c)), 0n)).toBeUndefined();
    });
  });
});

describe("versions inserted into the past", () => {
  it("are readable now under their old time when nothing newer is there", () => {
    const bench = new Bench();
    const ref = new DocRef(bench.collection("c"), 1n);
    bench.run((t) => t.insertVersion(ref, OLD, "create", document({ v: 1n })));
    expect(bench.run((t) => t.get(ref))?.ts).toBe(OLD);
    expect(historyOf(bench, ref)).toEqual([["create", 1n]]);
  });

  it("change nothing that anyone sees below a newer version or a tombstone", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const ref = new DocRef(c, 1n);
    bench.put(c, 1n, { v: "new" });
    bench.run((t) => t.insertVersion(ref, OLD, "create", document({ v: "old" })));
    expect(bench.run((t) => t.get(ref))?.fields).toEqual(document({ v: "new" }));
    bench.run((t) => t.delete(ref));
    bench.run((t) => t.insertVersion(ref, OLD, "create", document({ v: "older" })));
    expect(bench.run((t) => t.get(ref))).toBeUndefined();
    expect(historyOf(bench, ref).at(0)).toEqual(["create", "older"]);
    bench.run((t) => t.insertVersion(ref, t.now, "create", document({ v: "back" })));
    expect(bench.run((t) => t.get(ref))?.fields).toEqual(document({ v: "back" }));
  });

  it("replace the version of the same time", () => {
    const bench = new Bench();
    const ref = new DocRef(bench.collection("c"), 1n);
    for (const v of [1n, 2n])
      bench.run((t) => t.insertVersion(ref, OLD, "create", document({ v })));
    expect(historyOf(bench, ref)).toEqual([["create", 2n]]);
  });

  it("vanish for good when they are superseded outside the window", () => {
    const bench = new Bench();
    const ref = new DocRef(bench.collection("c"), 1n);
    bench.run((t) => t.insertVersion(ref, OLD, "create", document({ v: 1n })));
    bench.run((t) => t.insertVersion(ref, OLD + DAY, "update", document({ v: 2n })));
    expect(historyOf(bench, ref)).toEqual([["create", 2n]]);
    bench.run((t) => t.removeVersion(ref, OLD + DAY, "update"));
    expect(bench.run((t) => t.get(ref))).toBeUndefined();
    expect(historyOf(bench, ref)).toEqual([]);
  });

  it("stay in a collection born with a long history", () => {
    const bench = new Bench();
    const c = bench.collection("c", { history_days: 36_500n });
    const ref = new DocRef(c, 1n);
    bench.run((t) => {
      t.insertVersion(ref, OLD, "create", document({ v: 1n }));
      t.insertVersion(ref, OLD + DAY, "update", document({ v: 2n }));
      t.insertVersion(ref, OLD + 2n * DAY, "delete", fields({}));
    });
    expect(historyOf(bench, ref)).toEqual([
      ["create", 1n],
      ["update", 2n],
      ["delete", undefined],
    ]);
    bench.run((t) => {
      expect(t.get(ref, OLD + 1n)?.fields).toEqual(document({ v: 1n }));
      expect(ids(t.documents(c, { at: OLD + DAY }))).toEqual([1]);
      expect(t.get(ref)).toBeUndefined();
      expect(t.documentEvents(c).map(({ action, ts }) => [action, ts])).toEqual([
        ["add", OLD],
        ["remove", OLD + 2n * DAY],
      ]);
    });
  });

  it("may not lie after the transaction", () => {
    const bench = new Bench();
    const ref = new DocRef(bench.collection("c"), 1n);
    let refused = false;
    try {
      bench.run((t) => t.insertVersion(ref, t.now + 1n, "create", document({})));
    } catch (error) {
      refused = isDataError(error, "invalid_write_time");
    }
    expect(refused).toBe(true);
  });

  it("are taken away only by a Remove of their kind", () => {
    const bench = new Bench();
    const ref = new DocRef(bench.collection("c"), 1n);
    bench.run((t) => t.insertVersion(ref, OLD, "create", document({})));
    bench.run((t) => t.removeVersion(ref, OLD, "delete"));
    bench.run((t) => t.removeVersion(ref, OLD + 1n, "create"));
    expect(bench.run((t) => t.get(ref))?.ts).toBe(OLD);
    bench.run((t) => t.removeVersion(ref, OLD, "update"));
    expect(bench.run((t) => t.get(ref))).toBeUndefined();
  });
});

describe("events", () => {
  it("of a document tell creations, updates and deletions inside the window", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const ref = new DocRef(c, 1n);
    bench.put(c, 1n, { v: 1n });
    bench.run((t) => t.update(ref, document({ v: 2n })));
    bench.run((t) => t.delete(ref));
    bench.put(c, 1n, { v: 3n });
    const all: [string, unknown][] = [
      ["create", 1n],
      ["update", 2n],
      ["delete", undefined],
      ["create", 3n],
    ];
    expect(historyOf(bench, ref)).toEqual(all);
    bench.wait(16n * MINUTE);
    expect(historyOf(bench, ref)).toEqual([["create", 3n]]);
  });

  it("of a collection tell who came and went, not who changed", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    bench.put(c, 1n, {});
    bench.run((t) => t.update(new DocRef(c, 1n), document({ v: 1n })));
    bench.put(c, 2n, {});
    bench.run((t) => t.delete(new DocRef(c, 1n)));
    bench.run((t) => t.insertVersion(new DocRef(c, 3n), OLD, "create", document({})));
    const events = bench.run((t) => t.documentEvents(c));
    expect(events.map(({ action, ref }) => [action, Number(ref.id)])).toEqual([
      ["add", 1],
      ["add", 2],
      ["remove", 1],
    ]);
  });

  it("for feeds come in the order of transactions and leave out writes into the past", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const start = bench.put(c, 1n, {});
    bench.run((t) => {
      t.create(new DocRef(c, 5n), document({}));
      t.create(new DocRef(c, 4n), document({}));
      t.update(new DocRef(c, 1n), document({ v: 1n }));
    });
    bench.run((t) => t.insertVersion(new DocRef(c, 9n), OLD, "create", document({})));
    bench.run((t) => t.delete(new DocRef(c, 4n)));
    const changes = bench.run((t) => [...t.changes(c, { from: start + 1n })]);
    expect(
      changes.map(({ ref, before, after }) => [
        Number(ref.id),
        before !== undefined,
        after !== undefined,
      ]),
    ).toEqual([
      [1, true, true],
      [4, false, true],
      [5, false, true],
      [4, true, false],
    ]);
  });
});

describe("what no read can see any more", () => {
  it("is forgotten once it has left the window: old versions, deleted documents, lapsed ones and their rows", () => {
    const bench = new Bench();
    const c = bench.collection("c");
    const index = bench.index({ sources: new Set([c]), terms: [field("v")], values: [] });
    const store = bench.cluster.root.store(c);
    bench.put(c, 1n, { v: 1n });
    bench.run((t) => t.update(new DocRef(c, 1n), document({ v: 2n })));
    bench.put(c, 2n, { v: 1n });
    bench.run((t) => t.delete(new DocRef(c, 2n)));
    bench.run((t) =>
      t.create(
        new DocRef(c, 3n),
        fields({ ttl: Time.fromMicros(t.now + MINUTE), data: fields({ v: 1n }) }),
      ),
    );
    bench.run((t) => t.now);
    expect(store.size).toBe(3);
    bench.wait(20n * MINUTE);
    bench.run((t) => t.now);
    expect(store.size).toBe(1);
    expect(store.versions(1n)?.length).toBe(1);
    expect(bench.cluster.root.index(index)?.size).toBe(1);
    expect(bench.run((t) => ids(t.rows(index, [2n])))).toEqual([1]);
  });

  it("stays as long as the collection keeps history", () => {
    const bench = new Bench();
    const c = bench.collection("c", { history_days: 30n });
    bench.put(c, 1n, { v: 1n });
    bench.run((t) => t.delete(new DocRef(c, 1n)));
    bench.wait(29n * DAY);
    bench.run((t) => t.now);
    expect(bench.cluster.root.store(c).versions(1n)?.length).toBe(2);
    bench.wait(2n * DAY);
    bench.run((t) => t.now);
    expect(bench.cluster.root.store(c).size).toBe(0);
  });
});
