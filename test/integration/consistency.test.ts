/** An archive is one moment of a database that is being written to all the while. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase, type ExportReport } from "../../src/export/export.ts";
import type { Connection } from "../../src/fauna/fauna.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { Obj, parse, stringify } from "../conformance/corpus/lib/json.mjs";
import { contents } from "../support/archives.ts";
import { Bench } from "../support/bench.ts";
import { documentsAt } from "../support/independent-reader.ts";

const ACCOUNTS = 60;
const SUM = ACCOUNTS * 2 * 100;
const EXPORTS = 20;
/** Somebody who edits the schema all the time leaves no moment to read it in, on a slow machine even less. */
const EDIT_EVERY_MS = 200;

let bench: Bench;
let database: Connection;

beforeAll(async () => {
  bench = await Bench.start();
  database = await bench.emptyDatabase();
  for (const name of ["Giro", "Savings"]) {
    await database.v10(
      `Collection.create({ name: "${name}", fields: { amount: { signature: "Int" } } })`,
    );
    await database.v10(
      `Set.sequence(0, ${ACCOUNTS}).forEach(n => ${name}.create({ id: (1000 + n).toString(), amount: 100 }))`,
    );
  }
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

/** Somebody who keeps moving amounts to and fro, deletes and makes accounts, and changes the schema. */
class Writer {
  readonly #done: Promise<void>;
  #stop = false;
  moves = 0;
  edits = 0;
  editEveryMs = EDIT_EVERY_MS;

  constructor() {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    let edited = performance.now();
    for (let n = 0; !this.#stop; n++) {
      const from = 1000 + ((n * 7) % ACCOUNTS);
      const to = 1000 + ((n * 13) % ACCOUNTS);
      const [source, sink] = n % 2 === 0 ? ["Giro", "Savings"] : ["Savings", "Giro"];
      await database.v10(`
        let a = ${source}.byId("${from}")!
        let b = ${sink}.byId("${to}")!
        let n = ${(n % 40) + 1}
        a.update({ amount: a.amount - n })
        b.update({ amount: b.amount + n })`);
      // An account moves to another id, with what is on it.
      if (n % 5 === 0) {
        await database.v10(`
          let a = ${source}.byId("${from}")!
          let amount = a.amount
          a.delete()
          ${sink}.create({ id: "${5000 + n}", amount: amount })
          ${source}.create({ id: "${from}", amount: 0 })`);
      }
      this.moves++;
      if (performance.now() < edited + this.editEveryMs) continue;
      await this.#edit(n);
      edited = performance.now();
    }
  }

  async #edit(n: number): Promise<void> {
    const edits = [
      `Giro.definition.update({ fields: { f${n}: { signature: "String?" } }, migrations: [{ add: { field: ".f${n}" } }] })`,
      `Function.create({ name: "f${n}", body: "x => x + ${n}" })`,
      `Collection.create({ name: "C${n}", fields: { a: { signature: "Int" } } })`,
      `Collection.byName("Savings")!.update({ computed_fields: { c${n}: { body: "d => d.amount * ${n}" } } })`,
    ];
    await database.v10(edits[this.edits++ % edits.length]!);
  }
}

/** The lines of an archive that is stored plain, by `collection/id`, read with nothing of `src/`. */
async function linesOf(store: MemoryStore): Promise<Map<string, Obj>> {
  const lines = new Map<string, Obj>();
  for (const [name, bytes] of await contents(store)) {
    const [folder, collection] = name.split("/");
    if (folder !== "data") continue;
    for (const line of bytes.toString("utf8").split("\n").slice(0, -1)) {
      const record = parse(line) as Obj;
      lines.set(`${collection!.replace(/~.*/, "")}/${record.get("id") as string}`, record);
    }
  }
  return lines;
}

async function exported(store: MemoryStore): Promise<ExportReport> {
  return exportDatabase({
    source: database,
    target: store,
    compression: "none",
    pageSize: 5,
    rangeDocuments: 20,
    window: 4,
  });
}

describe("while somebody moves amounts between collections and edits the schema", () => {
  it(`${EXPORTS} exports each hold the sum, and just what was there at their time`, async () => {
    const writer = new Writer();
    let times = 0;
    let refused = 0;
    try {
      while (times < EXPORTS) {
        const store = new MemoryStore();
        let report: ExportReport;
        try {
          report = await exported(store);
          writer.editEveryMs = Math.max(EDIT_EVERY_MS, report.seconds * 1000);
        } catch (error) {
          // The schema did not hold still for long enough: said, and nothing left that looks like an archive.
          expect(error).toMatchObject({ code: "ERR_TRY_AGAIN" });
          expect([...(await contents(store)).keys()]).not.toContain("manifest.json");
          expect(++refused).toBeLessThan(EXPORTS);
          continue;
        }
        times++;
        const lines = await linesOf(store);
        const amounts = [...lines.values()].map((record) => {
          const { text } = (record.get("data") as Obj).get("amount") as { text: string };
          return Number(text);
        });
        expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBe(SUM);
        const found = new Map<string, string>();
        for (const name of ["Giro", "Savings"]) {
          const at = await documentsAt(
            bench.endpoint,
            bench.secretOf(database),
            name,
            report.snapshot.ts,
          );
          for (const [id, document] of at) {
            found.set(
              `${name.toLowerCase()}/${id}`,
              stringify([document.get("ts")!, document.get("data")!]),
            );
          }
        }
        const archived = [...lines].map(([key, record]) => [
          key,
          stringify([record.get("ts")!, record.get("data")!]),
        ]);
        expect(new Map(archived as [string, string][])).toEqual(found);
      }
    } finally {
      await writer.stop();
    }
    expect(writer.moves).toBeGreaterThan(EXPORTS);
    expect(writer.edits).toBeGreaterThan(4);
    console.log(
      `${times} exports, ${refused} told to try again, ${writer.moves} moves, ${writer.edits} schema edits`,
    );
  });
});
