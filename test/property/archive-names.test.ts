import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { folderName } from "../../src/archive/names.ts";
import { safeName } from "../../src/store/store.ts";

const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom("a", "A", "b", ".", "/", "\\", "~", "-", "_", " ", "0", ":"),
    maxLength: 6,
  }),
  fc.constantFrom("con", "CON", "..", ".", "", "~", "a~0123abcd"),
);

describe("folder names, for any names", () => {
  it("are safe on every file system and at most 89 bytes", () => {
    fc.assert(
      fc.property(name, (any) => {
        const folder = folderName(any);
        expect(safeName(`data/${folder}/x`)).toBe(`data/${folder}/x`);
        expect(folder).toMatch(/^[a-z0-9_~][a-z0-9_~-]*$/);
        expect(folder.length).toBeLessThanOrEqual(89);
      }),
    );
  });

  it("are different for different names, upper and lower case taken for the same", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const folders = names.map((each) => folderName(each).toLowerCase());
        expect(new Set(folders).size).toBe(names.length);
      }),
    );
  });
});
