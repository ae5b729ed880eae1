import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { folderName, HIDING, journalFile, TELLING } from "../../../src/archive/names.ts";

const digits = (name: string, count = 8) =>
  createHash("sha256").update(name).digest("hex").slice(0, count);

describe("the folder of a name", () => {
  it.each(["users", "order_items", "a-b", "_x", "2024"])("is %s itself", (name) => {
    expect(folderName(name)).toBe(name);
  });

  it("keeps names apart that differ in case only", () => {
    expect(folderName("User")).toBe(`user~${digits("User")}`);
    expect(folderName("USER")).toBe(`user~${digits("USER")}`);
    expect(folderName("user")).toBe("user");
  });

  it.each([
    ["../../etc", "etc"],
    ["a/b\\c", "abc"],
    ["日本語", ""],
    ["..", ""],
    ["", ""],
    ["a~b", "ab"],
    ["a\u0000b", "ab"],
    ["-rf", "rf"],
    ["con", "con"],
    ["com1", "com1"],
    ["x".repeat(100), "x".repeat(80)],
  ])("drops from %j what is not safe and says so by digits", (name, kept) => {
    expect(folderName(name)).toBe(`${kept}~${digits(name)}`);
  });

  it("gives more digits when a folder is taken", () => {
    const taken = new Set(["user", `user~${digits("user")}`]);
    expect(folderName("user", taken)).toBe(`user~${digits("user", 16)}`);
  });
});

describe("names that hide", () => {
  it("are new each time, so that nobody can test a guess", () => {
    const none = new Set<string>();
    const names = [
      HIDING.folder("users", none),
      HIDING.folder("users", none),
      HIDING.schema("roles", none),
      HIDING.segment("1000"),
      HIDING.segment("1000"),
    ];
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{24}$/);
  });
});

describe("the files of a segment", () => {
  it("sort by name as their ids do", () => {
    const ids = ["0", "9", "10", "9223372036854775807"];
    const stems = ids.map((id) => TELLING.segment(id));
    expect(stems).toEqual(stems.toSorted());
    expect(stems[2]).toBe("0000000000000000010");
    expect(stems[3]).toBe("9223372036854775807");
  });

  it("have a journal entry each", () => {
    expect(journalFile("data/x/0000000000000000010.ndjson.gz")).toBe(
      "journal/data.x.0000000000000000010.json",
    );
  });
});
