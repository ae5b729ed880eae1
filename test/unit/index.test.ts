import { describe, expect, it } from "vitest";
import * as emulator from "../../src/emulator/emulator.ts";
import * as library from "../../src/index.ts";

describe("the library", () => {
  it("exports the verbs, what they stand on, and nothing else", () => {
    expect(Object.keys(library).toSorted()).toEqual([
      "ArkError",
      "ERROR_CODES",
      "FolderStore",
      "MemoryStore",
      "canResume",
      "connect",
      "copyDatabase",
      "createDatabase",
      "diffDatabases",
      "exportDatabase",
      "importArchive",
      "isArkError",
      "openArchive",
      "openStore",
      "parseIdentities",
      "parseMoment",
      "parseRecipients",
      "parseRecord",
      "planCopy",
      "planExport",
      "planImport",
      "planReplay",
      "printRecord",
      "replayRefused",
      "restoreHistory",
      "scoped",
      "showArchive",
      "showCollection",
      "showDocument",
      "verifyArchive",
    ]);
  });

  it("leaves the emulator to fauna-ark/emulator", () => {
    expect(Object.keys(emulator)).toEqual(["startEmulator"]);
    for (const name of Object.keys(emulator)) expect(library).not.toHaveProperty(name);
  });
});
