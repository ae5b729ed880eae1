import { describe, expect, it } from "vitest";
import {
  addMember,
  appendItem,
  findItem,
  parseFsl,
  removeAnnotation,
  removeItem,
  removeMember,
  replaceMember,
  setAnnotation,
} from "../../../src/fsl/fsl.ts";

const TEXT = `// leading

/* of C */
collection   C{ // inline
   // inside
  a :Int ?
  history_days 3 // days
}


// trailing

@role(clerk)
function f() { 1 }
`;

function read() {
  const file = parseFsl(TEXT, "main.fsl");
  const item = findItem(file, "collection", "C");
  const call = findItem(file, "function", "f");
  if (item === undefined || call === undefined) throw new Error("not found");
  return { file, item, call };
}

const DAYS = { kind: "history_days", days: 9n, span: { start: 0, end: 0 } } as const;

describe("editing a schema file", () => {
  it("replaces a member and nothing else", () => {
    const { file, item } = read();
    const member = item.members.find(({ kind }) => kind === "history_days");
    expect(member && replaceMember(file, member, DAYS)).toBe(
      TEXT.replace("history_days 3", "history_days 9"),
    );
  });

  it("takes a member out with the white space that held it", () => {
    const { file, item } = read();
    const [field] = item.members;
    expect(field && removeMember(file, field)).toBe(TEXT.replace("\n  a :Int ?", ""));
  });

  it("adds a member as the last of its block", () => {
    const { file, item } = read();
    const added = addMember(file, item, { kind: "document_ttls", enabled: true, span: DAYS.span });
    expect(added).toBe(TEXT.replace("// days\n", "// days\n  document_ttls true\n"));
  });

  it("opens a block that stood on one line", () => {
    const file = parseFsl("collection C {}", "main.fsl");
    const [item] = file.items;
    if (item?.kind !== "collection") throw new Error("not a collection");
    expect(addMember(file, item, DAYS)).toBe("collection C {\n  history_days 9\n}");
  });

  it("takes an item out with its comment, the others untouched", () => {
    const { file, item } = read();
    const kept = "// leading\n\n\n// trailing\n\n@role(clerk)\nfunction f() { 1 }\n";
    expect(removeItem(file, item)).toBe(kept);
  });

  it("sets, changes and removes annotations", () => {
    const { file, item, call } = read();
    expect(removeAnnotation(file, call, "role")).toBe(TEXT.replace("\n\n@role(clerk)", ""));
    expect(setAnnotation(file, call, "role", "server")).toBe(TEXT.replace("clerk", "server"));
    expect(setAnnotation(file, item, "alias", "X")).toBe(TEXT.replace("*/\n", "*/\n@alias(X)\n"));
  });

  it("appends an item behind a blank line", () => {
    expect(appendItem("", "role r {\n}\n")).toBe("role r {\n}\n");
    expect(appendItem("role a {}", "role r {\n}\n")).toBe("role a {}\n\nrole r {\n}\n");
    expect(appendItem("role a {}\n", "role r {\n}\n")).toBe("role a {}\n\nrole r {\n}\n");
  });
});
