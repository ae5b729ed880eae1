import { defineConfig } from "vitest/config";

/** One project a test folder, so that `npx vitest run --project unit` runs just that tier. */
const project = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    exclude: ["test/conformance/corpus/**"],
    testTimeout,
    hookTimeout: testTimeout,
    setupFiles: ["./test/support/seed.ts"],
  },
});

export default defineConfig({
  test: {
    // Many tests wait for processes, or for time to pass: a core that is kept free for that is idle.
    maxWorkers: "100%",
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    projects: [
      project("unit", 60_000),
      project("property", 120_000),
      project("contract", 60_000),
      project("integration", 180_000),
      project("fault", 180_000),
      project("conformance", 300_000),
    ],
  },
});
