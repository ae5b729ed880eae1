import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NATIVE } from "../../src/emulator/data/ids.ts";
import { keepFiles, stagedFiles } from "../../src/emulator/schema/files.ts";
import { schemaFile } from "../support/random-schema.ts";
import { simple, TestDatabase } from "../unit/emulator/schema/support.ts";

/** Lists whose order means nothing: patched files have them in another one, as the server's do. */
function sorted(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => {
    const list = Array.isArray(value)
      ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : value;
    return [name, list] as const;
  });
  return Object.fromEntries(entries);
}

/** Every definition that schema files hold, by kind and name. */
function definitions(db: TestDatabase): unknown {
  return db.do((transaction) =>
    [NATIVE.Collection, NATIVE.Function, NATIVE.Role, NATIVE.AccessProvider].map((kind) =>
      Object.fromEntries(
        Array.from(transaction.definitions.all(kind), ({ version }) => {
          const { audience: _audience, ...rest } = simple(version.fields) as Record<
            string,
            unknown
          >;
          return [String(rest["name"]), sorted(rest)];
        }),
      ),
    ),
  );
}

describe("schema files in the emulator", () => {
  it("stay as they were pushed, and generated ones mean the same", () => {
    fc.assert(
      fc.property(schemaFile, (text) => {
        const db = new TestDatabase();
        db.push(text);
        expect(db.files()).toEqual({ "main.fsl": text });
        db.push(text);
        expect(db.files()).toEqual({ "main.fsl": text });
        const generated = db.do((transaction) => {
          keepFiles(transaction, []);
          return stagedFiles(transaction).map(({ content }) => content);
        });
        const copy = new TestDatabase();
        copy.push(generated.join(""));
        expect(definitions(copy)).toEqual(definitions(db));
        expect(copy.files()).toEqual({ "main.fsl": generated[0] });
      }),
      { numRuns: 60 },
    );
  });

  it("change into one another, and say then what the definitions say", () => {
    fc.assert(
      fc.property(schemaFile, schemaFile, (first, second) => {
        const db = new TestDatabase();
        db.push(first);
        const files = db.do((transaction) => stagedFiles(transaction));
        db.push(second);
        const wanted = definitions(db);
        // The first files, patched to what the second ones made of the definitions, make the same of an empty database.
        db.do((transaction) => {
          keepFiles(transaction, files);
          transaction.touchSchema();
        });
        const patched = db.files();
        const copy = new TestDatabase();
        copy.push(patched as Record<string, string>);
        expect(definitions(copy)).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});
