/**
 * What the recorded conversations leave behind in a database is exported, imported into an empty one, and is the same
 * there: by the toolkit's own comparison, and by a reader that shares nothing with it.
 */
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { exportDatabase } from "../../src/export/export.ts";
import { type ImportReport, importArchive } from "../../src/import/import.ts";
import { MemoryStore } from "../../src/store/store.ts";
import { diffDatabases } from "../../src/verify/diff.ts";
import { Bench, withNewTs } from "../support/bench.ts";
import { temporaryFolder } from "../support/folders.ts";
import { differences } from "../support/independent-reader.ts";
import { isOfLost, isSpelling, lostIn } from "../support/spelling.ts";
import { closeConnections } from "./corpus/lib/http.mjs";
import { runScenario } from "./corpus/lib/run.mjs";
import { loadScenarios, scenarioId } from "./corpus/lib/scenario.mjs";

const CORPUS = fileURLToPath(new URL("corpus", import.meta.url));
const AREAS = ["interplay", "v10-schema", "v4-schema", "v4-secrets", "v4-write", "whole-database"];

/** Whoever imports what v4 once let in and no schema file may say, is told what it is. */
const REFUSED_SCHEMA: Readonly<Record<string, RegExp>> = {
  "v4-schema/collection-options": /ttl_days: Non-negative value required/,
  "v4-schema/role-errors": /The identifier `admin` is reserved/,
};

/** A computed field fails, so that a reader by v10 has nothing to read. */
const UNREADABLE = new Set(["v10-schema/computed-fields-failing"]);

/** Documents that Fauna takes no more: they refer to functions, roles or databases that were deleted. */
const REFUSED: Readonly<Record<string, number>> = { "interplay/deleted-definitions": 1 };

/** It waits a minute for its index, as long as Fauna takes to build one. */
const SLOW = new Set(["v10-schema/index-async-build"]);

const scenarios = (await loadScenarios(`${CORPUS}/scenarios`)).filter(
  (scenario) => AREAS.includes(scenario.area) && !SLOW.has(scenarioId(scenario)),
);

afterAll(() => {
  closeConnections();
});

describe("what is left behind by", () => {
  it.each(scenarios.map((scenario) => [scenarioId(scenario), scenario] as const))(
    "%s comes back the same",
    async (_, scenario) => {
      await using source = await Bench.start();
      // In the root, which a scenario does not delete behind itself.
      const inRoot = { ...scenario, database: "root" };
      await runScenario(inRoot, source);
      const first = new MemoryStore();
      await exportDatabase({ source: source.root, target: first, recursive: true });

      await using copy = await Bench.start();
      const importing = importArchive({
        source: first,
        target: copy.root,
        restoreDeletedRefs: true,
        deadLetterFile: `${await temporaryFolder()}/refused.ndjson`,
      });
      const reason = REFUSED_SCHEMA[scenarioId(scenario)];
      if (reason !== undefined) {
        await expect(importing).rejects.toMatchObject({
          code: "ERR_SCHEMA",
          message: expect.stringMatching(reason),
        });
        return;
      }
      const imported = await importing;
      const refused = REFUSED[scenarioId(scenario)] ?? 0;
      expect(imported.documents.refused, JSON.stringify(imported.notes)).toBe(refused);
      if (refused > 0) return;
      const second = new MemoryStore();
      await exportDatabase({ source: copy.root, target: second, recursive: true });

      const diff = await diffDatabases({
        a: first,
        b: second,
        ignoreTs: imported.documents.newTs > 0,
      });
      expect({ files: diff.files, definitions: diff.definitions }).toEqual({
        files: [],
        definitions: [],
      });
      expect(diff.equal).toBe(true);
      if (UNREADABLE.has(scenarioId(scenario))) return;
      const [before, after] = [await source.read(source.root), await copy.read(copy.root)];
      const found = differences(before, after, withNewTs(imported));
      expect(found.filter((each) => !isNatural(imported, each))).toEqual([]);
    },
  );
});

/**
 * What is other by Fauna's nature: the spelling of definitions, what the import says it had to leave out, where
 * a ttl stands, and how no data is written.
 */
function isNatural(imported: ImportReport, difference: string): boolean {
  if (!difference.startsWith("documents "))
    return isSpelling(difference) || isOfLost(lostIn(imported), difference);
  const [, ...lines] = difference.split("\n").map((line) => line.trim());
  const [left, right] = [lines.slice(0, lines.length / 2), lines.slice(lines.length / 2)].map(
    (side) => {
      const text = side.join("\n").replaceAll(NO_DATA, "");
      return [text.replaceAll(TTL, ""), ...(text.match(TTL) ?? []).toSorted()];
    },
  );
  return JSON.stringify(left) === JSON.stringify(right);
}

/** v4 prints this of a document that v10 made empty. */
const NO_DATA = /,"data":\{\}/g;
const TTL = /,"ttl":\{"@ts":"[^"]*"\}/g;
