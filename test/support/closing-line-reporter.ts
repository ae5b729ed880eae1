import type { Reporter, TestModule } from "vitest/node";

/** Prints `N passed, N failed` as the last line of a run, and before it which tests failed and which were skipped. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    const failures: [name: string, reasons: readonly { message: string }[] | undefined][] = [];
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const { state } = test.result();
        if (state === "pending") counts.failed += 1;
        else counts[state] += 1;
        if (state === "skipped")
          console.log(`skipped: ${test.fullName} (${module.relativeModuleId})`);
        if (state === "failed")
          failures.push([`${test.fullName} (${module.relativeModuleId})`, test.result().errors]);
      }
      if (module.state() === "failed" && tests.every((test) => test.result().state !== "failed")) {
        counts.failed += 1;
        failures.push([module.relativeModuleId, module.errors()]);
      }
    }
    // Once more and short: of a long run often only the end is kept.
    for (const [name, reasons = []] of failures) {
      console.log(`failed: ${name}`);
      for (const { message } of reasons) console.log(`  ${message.slice(0, 300)}`);
    }
    const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
    console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  }
}
