import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { FolderStore, openStore } from "../../../src/store/store.ts";

describe("openStore", () => {
  it("takes a path or a file URL as a folder", () => {
    const folder = join(import.meta.dirname, "an archive");
    expect(openStore(folder)).toBeInstanceOf(FolderStore);
    expect(openStore(folder).place).toBe(folder);
    expect(openStore(pathToFileURL(folder).href).place).toBe(folder);
    expect(openStore("relative").place).toBe(join(process.cwd(), "relative"));
  });

  it.each(["s3://bucket/prefix", "https://example.org/x", "", "file://other-host/x"])(
    "refuses %j and says what is supported",
    (url) => {
      expect(() => openStore(url)).toThrow(
        expect.objectContaining({ code: "ERR_USAGE", hint: expect.stringContaining("file:") }),
      );
    },
  );
});
