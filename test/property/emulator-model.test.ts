/** Whatever is written through both languages is read by both, at every moment, as a naive model says. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";

const IDS = ["1", "2", "3", "10"] as const;
const START = 1_795_000_000_000_000n;
const DAY = 86_400_000_000n;
/** When everything that has a ttl expires: after the last write, before the last look. */
const TTL = START + 10n * DAY;

type Fields = Readonly<Record<string, number | null | Readonly<Record<string, number | null>>>>;

interface State {
  readonly data: Fields;
  readonly ttl: boolean;
}

interface ModelVersion {
  readonly ts: bigint;
  readonly action: "create" | "update" | "delete";
  /** Undefined after a deletion. */
  readonly state: State | undefined;
}

/** The history of every document: nothing but a list of its versions. */
class Model {
  readonly #versions = new Map<string, ModelVersion[]>(IDS.map((id) => [id, []]));
  readonly moments: bigint[] = [];

  versions(id: string): readonly ModelVersion[] {
    return this.#versions.get(id) ?? [];
  }

  at(id: string, moment: bigint): State | undefined {
    return this.versions(id).findLast(({ ts }) => ts <= moment)?.state;
  }

  put(id: string, version: ModelVersion): void {
    this.cut(id, version.ts);
    this.#versions.get(id)?.push(version);
    this.#versions.get(id)?.sort((a, b) => (a.ts < b.ts ? -1 : 1));
  }

  cut(id: string, ts: bigint): void {
    this.#versions.set(
      id,
      this.versions(id).filter((version) => version.ts !== ts),
    );
  }
}

/** Nulls are left out, objects are merged, everything else is replaced. */
function merge(before: Fields, after: Fields): Fields {
  const merged = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(after)) {
    const old = merged.get(name);
    if (value === null) merged.delete(name);
    else if (typeof value === "object")
      merged.set(name, merge(typeof old === "object" && old !== null ? old : {}, value) as never);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

type Operation =
  | {
      readonly kind: "create" | "update" | "replace";
      readonly v: 4 | 10;
      readonly id: string;
      readonly data: Fields;
    }
  | { readonly kind: "delete"; readonly v: 4 | 10; readonly id: string }
  | { readonly kind: "ttl"; readonly v: 4 | 10; readonly id: string; readonly set: boolean }
  | {
      readonly kind: "insert";
      readonly id: string;
      readonly moment: number;
      readonly data: Fields | undefined;
    }
  | { readonly kind: "remove"; readonly id: string; readonly version: number }
  | { readonly kind: "schema"; readonly v: 4 | 10; readonly on: boolean };

const id = fc.constantFrom(...IDS);
const v = fc.constantFrom(4 as const, 10 as const);
const small = fc.integer({ min: 0, max: 3 });
const orNull = fc.option(small, { nil: null, freq: 4 });
const data: fc.Arbitrary<Fields> = fc.record(
  { n: orNull, m: orNull, o: fc.record({ x: orNull, y: orNull }, { requiredKeys: [] }) },
  { requiredKeys: [] },
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("create" as const, "update" as const, "replace" as const),
      v,
      id,
      data,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), v, id }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("ttl" as const), v, id, set: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("insert" as const),
      id,
      moment: fc.nat(30),
      data: fc.option(data, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), id, version: fc.nat(10) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("schema" as const), v, on: fc.boolean() }),
  },
);

interface Clock {
  now: bigint;
}

/** A client that sends text and reads JSON, for both languages. */
class Database {
  readonly #emulator: Emulator;
  readonly #clock: Clock;

  constructor(emulator: Emulator, clock: Clock) {
    this.#emulator = emulator;
    this.#clock = clock;
  }

  async v4(expression: unknown): Promise<{ ok: boolean; ts: bigint; value: unknown }> {
    const response = await this.#send("/", expression);
    const body = (await response.json()) as { resource?: unknown };
    return {
      ok: response.ok,
      ts: BigInt(response.headers.get("x-txn-time") ?? 0),
      value: body.resource ?? body,
    };
  }

  async v10(query: string): Promise<{ ok: boolean; ts: bigint; value: unknown }> {
    const response = await this.#send("/query/1", { query });
    const body = (await response.json()) as { data?: unknown; txn_ts: number };
    return { ok: response.ok, ts: BigInt(body.txn_ts), value: body.data ?? body };
  }

  #send(path: string, body: unknown): Promise<Response> {
    this.#clock.now += 1000n;
    return fetch(`${this.#emulator.endpoint}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: {
        authorization: "Bearer secret",
        "x-faunadb-api-version": "4",
        "x-typecheck": "false",
      },
    });
  }
}

const ref4 = (of: string) => ({ ref: { collection: "C" }, id: of });
const iso = (us: bigint) =>
  new Date(Number(us / 1000n)).toISOString().replace(/\d\d\dZ$/, "") +
  `${String((us / 1000n) % 1000n).padStart(3, "0")}${String(us % 1000n).padStart(3, "0")}Z`;
const object4 = (fields: Fields): unknown => ({
  object: Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null ? object4(value) : value,
    ]),
  ),
});

async function apply(database: Database, model: Model, step: Operation): Promise<void> {
  switch (step.kind) {
    case "create":
    case "update":
    case "replace": {
      const before = model.at(step.id, TTL * 2n);
      const text = JSON.stringify(step.data);
      const method = `C.byId("${step.id}")!.${step.kind}(${text})`;
      const v10 =
        step.kind === "create" ? `C.create(Object.assign({ id: "${step.id}" }, ${text}))` : method;
      const params = { object: { data: object4(step.data) } };
      const { ok, ts } = await (step.v === 4
        ? database.v4({ [step.kind]: ref4(step.id), params })
        : database.v10(v10));
      expect(ok).toBe((step.kind === "create") === (before === undefined));
      if (!ok) return;
      const keeps = step.kind === "update";
      const state = {
        data: merge(keeps ? (before?.data ?? {}) : {}, step.data),
        ttl: keeps && before?.ttl === true,
      };
      model.put(step.id, { ts, action: step.kind === "create" ? "create" : "update", state });
      model.moments.push(ts);
      return;
    }
    case "delete": {
      const { ok, ts } = await (step.v === 4
        ? database.v4({ delete: ref4(step.id) })
        : database.v10(`C.byId("${step.id}")!.delete()`));
      expect(ok).toBe(model.at(step.id, TTL * 2n) !== undefined);
      if (!ok) return;
      model.put(step.id, { ts, action: "delete", state: undefined });
      model.moments.push(ts);
      return;
    }
    case "ttl": {
      const before = model.at(step.id, TTL * 2n);
      const { ok, ts } = await (step.v === 4
        ? database.v4({
            update: ref4(step.id),
            params: { object: { ttl: step.set ? { time: iso(TTL) } : null } },
          })
        : database.v10(
            `C.byId("${step.id}")!.update({ ttl: ${step.set ? `Time("${iso(TTL)}")` : "null"} })`,
          ));
      expect(ok).toBe(before !== undefined);
      if (before === undefined) return;
      model.put(step.id, { ts, action: "update", state: { data: before.data, ttl: step.set } });
      model.moments.push(ts);
      return;
    }
    case "insert": {
      const moment = model.moments[step.moment % Math.max(1, model.moments.length)];
      if (moment === undefined) return;
      const action = step.data === undefined ? "delete" : "create";
      // Between two transactions, which are 1000 µs apart. Deletions have a moment of their own: Fauna keeps one beside
      // a version of the same moment, and it wins; the model knows one version a moment.
      const ts = moment - (moment % 1000n) + (action === "delete" ? 15n : 14n);
      const { ok } = await database.v4({
        insert: ref4(step.id),
        ts: { time: iso(ts) },
        action,
        params: { object: { data: object4(step.data ?? {}) } },
      });
      expect(ok).toBe(true);
      model.put(step.id, {
        ts,
        action,
        state: step.data && { data: merge({}, step.data), ttl: false },
      });
      model.moments.push(ts);
      return;
    }
    case "remove": {
      const versions = model.versions(step.id);
      const version = versions[step.version % Math.max(1, versions.length)];
      if (version === undefined) return;
      await database.v4({
        remove: ref4(step.id),
        ts: { time: iso(version.ts) },
        action: version.action,
      });
      model.cut(step.id, version.ts);
      return;
    }
    case "schema": {
      const fields = step.on ? '{ twice: { body: "d => (d.n ?? 0) * 2" } }' : "null";
      const { ok } = await (step.v === 10
        ? database.v10(`C.definition.update({ computed_fields: ${fields} })`)
        : database.v4({
            update: { collection: "C" },
            params: { object: { data: { object: { on: step.on } } } },
          }));
      expect(ok).toBe(true);
    }
  }
}

/** What every way of reading should show at a moment, by id. */
function expected(model: Model, moment: bigint, now: bigint): Record<string, Fields> {
  const shown = IDS.flatMap((each) => {
    const state = model.at(each, moment);
    return state === undefined || (state.ttl && now > TTL) ? [] : [[each, state.data] as const];
  });
  return Object.fromEntries(shown);
}

async function check(database: Database, model: Model, moment: bigint, now: bigint): Promise<void> {
  const want = expected(model, moment, now);
  const get = { lambda: "r", expr: { get: { var: "r" } } };
  const all4 = await database.v4({
    at: { time: iso(moment) },
    expr: { map: get, collection: { paginate: { documents: { collection: "C" } } } },
  });
  const page = all4.value as { data: { ref: { "@ref": { id: string } }; data?: Fields }[] };
  const read4 = page.data.map((doc) => [doc.ref["@ref"].id, doc.data ?? {}] as const);
  expect(Object.fromEntries(read4)).toEqual(want);
  const all10 = await database.v10(
    `at(Time("${iso(moment)}")) { C.all().map(d => [d.id, d.data]) }`,
  );
  const read10 = (all10.value as { data: [string, Fields][] }).data;
  expect(Object.fromEntries(read10)).toEqual(want);
  expect(read10.map(([each]) => each)).toEqual(read4.map(([each]) => each));
  for (const n of [0, 1, 2, 3]) {
    const ids = Object.keys(want).filter((each) => want[each]?.["n"] === n);
    // eslint-disable-next-line no-await-in-loop -- one after the other, for readable failures
    const by4 = await database.v4({
      at: { time: iso(moment) },
      expr: { paginate: { match: { index: "by4" }, terms: n } },
    });
    const found4 = (by4.value as { data: { "@ref": { id: string } }[] }).data;
    expect(found4.map((ref) => ref["@ref"].id).toSorted()).toEqual(ids.toSorted());
    // eslint-disable-next-line no-await-in-loop -- as above
    const by10 = await database.v10(`at(Time("${iso(moment)}")) { C.by10(${n}).map(.id) }`);
    expect((by10.value as { data: string[] }).data.toSorted()).toEqual(ids.toSorted());
  }
}

test("writes through both languages leave v4, v10, indexes and every past moment as a naive model says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
      const clock = { now: START };
      const emulator = await startEmulator({ clock: () => clock.now });
      try {
        const database = new Database(emulator, clock);
        await database.v10(
          'Collection.create({ name: "C", history_days: 1000, indexes: { by10: { terms: [{ field: "n" }] } } })',
        );
        await database.v4({
          create_index: {
            object: {
              name: "by4",
              source: { collection: "C" },
              terms: [{ object: { field: ["data", "n"] } }],
            },
          },
        });
        const model = new Model();
        for (const step of operations) {
          // eslint-disable-next-line no-await-in-loop -- in their order
          await apply(database, model, step);
        }
        for (const moment of [...model.moments, clock.now]) {
          // eslint-disable-next-line no-await-in-loop -- one after the other, for readable failures
          await check(database, model, moment, clock.now);
        }
        clock.now = TTL + DAY;
        await check(database, model, model.moments.at(-1) ?? clock.now, clock.now);
      } finally {
        await emulator.close();
      }
    }),
    { numRuns: 30 },
  );
});
