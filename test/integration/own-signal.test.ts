/** A caller's own signal, on which much waits at once. */
import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { connect, type Connection } from "../../src/fauna/fauna.ts";
import { createDatabase, importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { verifyArchive } from "../../src/verify/verify.ts";
import { emulatorTarget } from "../support/emulator.ts";
import type { Target } from "../support/target.ts";

let target: Target;
let root: Connection;
beforeAll(async () => {
  target = await emulatorTarget();
  // As many requests at once as are asked for.
  const throttle = { start: 32, min: 32, max: 32 };
  root = connect({ endpoint: target.endpoint, secret: target.secret, throttle });
});
afterAll(async () => {
  await root.close();
  await target.close();
});

describe("a caller's own signal", () => {
  it("makes Node warn of nothing, however many requests it may stop, and is left without listeners", async () => {
    const warnings: string[] = [];
    const onWarning = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
    process.on("warning", onWarning);
    const { signal } = new AbortController();
    const source = await createDatabase(root, "source");
    await source.v10('Collection.create({ name: "C" })');
    await source.v10("Set.sequence(0, 4000).forEach(n => C.create({ id: n + 1 }))");
    const archive = new MemoryStore();
    const options = { signal, window: 24 };
    await exportDatabase({
      ...options,
      source,
      target: archive,
      pageSize: 50,
      rangeDocuments: 100,
    });
    const copy = await createDatabase(root, "copy");
    await importArchive({ ...options, source: archive, target: copy, batchDocuments: 25 });
    const { equal } = await verifyArchive({ ...options, archive, against: copy });
    expect(equal).toBe(true);
    await Promise.all(Array.from({ length: 30 }, () => source.v4('{"now":null}', { signal })));
    // Node warns in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
