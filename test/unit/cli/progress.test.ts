import { describe, expect, it } from "vitest";
import { showProgress } from "../../../src/cli/progress.ts";
import { recordingTerminal } from "../../support/terminal.ts";

describe("progress where there is no terminal", () => {
  it("is a line every few seconds with counts, rate and time left, over all items", () => {
    const terminal = recordingTerminal();
    let now = 0;
    const view = showProgress(terminal, { quiet: false, now: () => now });
    const at = (seconds: number, item: string, done: number) => {
      now = seconds * 1000;
      view.onProgress({ phase: "documents", item, done, total: 1000, unit: "documents" });
    };
    at(0, "A", 0);
    at(1, "B", 100);
    at(4.9, "A", 300);
    expect(terminal.stderr).toBe("");
    at(5, "A", 400);
    expect(terminal.stderr).toBe("documents: 500 of 2,000 documents (100/s, 15 s left)\n");
    at(9, "A", 500);
    view.stop();
    expect(terminal.stderr.split("\n")[1]).toContain("documents: 600 of 2,000 documents");
  });

  it("prints nothing of phases that are over at once, nor when asked to be quiet", () => {
    for (const quiet of [true, false]) {
      const terminal = recordingTerminal();
      const view = showProgress(terminal, { quiet, now: () => (quiet ? Date.now() : 0) });
      view.onProgress({ phase: "schema", done: 3, total: 3, unit: "definitions" });
      view.onProgress({ phase: "documents", done: 1, total: 1, unit: "documents" });
      view.stop();
      expect(terminal.stderr).toBe("");
      expect(terminal.stdout).toBe("");
    }
  });

  it("says that there may be more, and not how long it takes, while a total still grows", () => {
    const terminal = recordingTerminal();
    let now = 0;
    const view = showProgress(terminal, { quiet: false, now: () => now });
    const at = (seconds: number, item: string, done: number, totalGrows: boolean) => {
      now = seconds * 1000;
      const total = totalGrows ? 500 : 1000;
      view.onProgress({ phase: "documents", item, done, total, totalGrows, unit: "documents" });
    };
    at(0, "A", 0, true);
    at(1, "B", 100, false);
    at(5, "A", 400, true);
    at(10, "A", 900, false);
    expect(terminal.stderr).toBe(
      "documents: 500 of 1,500 or more documents (100/s)\n" +
        "documents: 1,000 of 2,000 documents (100/s, 10 s left)\n",
    );
  });

  it("does not guess a total that is not known", () => {
    const terminal = recordingTerminal();
    let now = 0;
    const view = showProgress(terminal, { quiet: false, now: () => now });
    view.onProgress({ phase: "check", done: 0, unit: "files" });
    now = 10_000;
    view.onProgress({ phase: "check", done: 50, unit: "files" });
    expect(terminal.stderr).toBe("check: 50 files (5/s)\n");
  });
});
