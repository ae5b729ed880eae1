import type { Reporter, TestModule } from "vitest/node";

/** Prints `N passed, N failed` as the last line of a run, and why tests were skipped. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const { state } = test.result();
        if (state === "pending") counts.failed += 1;
        else counts[state] += 1;
        if (state === "skipped")
          console.log(`skipped: ${test.fullName} (${module.relativeModuleId})`);
      }
      if (module.state() === "failed" && tests.every((test) => test.result().state !== "failed")) {
        counts.failed += 1;
      }
    }
    const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
    console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  }
}
