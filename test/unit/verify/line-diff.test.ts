import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedDiff } from "../../../src/verify/line-diff.ts";

/** Applies a unified diff, and insists that it says of the text what is there. */
function patched(text: string, diff: string): string {
  const lines = text.split("\n").slice(0, -1);
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split("\n").slice(2, -1)) {
    const head = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (head !== null) {
      const start = Number(head[1]) - (head[2] === "0" ? 0 : 1);
      result.push(...lines.slice(at, start));
      at = start;
    } else if (line.startsWith("+")) result.push(line.slice(1));
    else {
      expect(lines[at++]).toBe(line.slice(1));
      if (line.startsWith(" ")) result.push(line.slice(1));
    }
  }
  return [...result, ...lines.slice(at)].map((each) => `${each}\n`).join("");
}

describe("the lines that differ", () => {
  it("are none for the same text", () => {
    expect(unifiedDiff("a\nb\n", "a\nb\n", "x.fsl")).toBe("");
  });

  it("are shown with three lines around them, each group with its place", () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`);
    const right = lines.with(4, "other").toSpliced(20, 0, "more");
    expect(unifiedDiff(`${lines.join("\n")}\n`, `${right.join("\n")}\n`, "x.fsl")).toBe(
      [
        "--- A/x.fsl",
        "+++ B/x.fsl",
        "@@ -2,7 +2,7 @@",
        " line 1",
        " line 2",
        " line 3",
        "-line 4",
        "+other",
        " line 5",
        " line 6",
        " line 7",
        "@@ -18,6 +18,7 @@",
        " line 17",
        " line 18",
        " line 19",
        "+more",
        " line 20",
        " line 21",
        " line 22",
        "",
      ].join("\n"),
    );
  });

  it("say that a file is on one side only", () => {
    expect(unifiedDiff(undefined, "a\n", "x.fsl")).toBe(
      "--- /dev/null\n+++ B/x.fsl\n@@ -0,0 +1 @@\n+a\n",
    );
    expect(unifiedDiff("a\n", undefined, "x.fsl")).toBe(
      "--- A/x.fsl\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
    );
  });

  it("tell a line from the same line without its end", () => {
    expect(unifiedDiff("a", "a\n", "x")).toContain("-a\n\\ No newline at end of file\n+a\n");
  });

  it("make the other text of the one, applied as patch does", () => {
    const line = fc.constantFrom("a", "b", "c", "", "}", "  x");
    const text = fc
      .array(line, { maxLength: 25 })
      .map((lines) => lines.map((each) => `${each}\n`).join(""));
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(patched(left, unifiedDiff(left, right, "x"))).toBe(right);
      }),
    );
  });
});
