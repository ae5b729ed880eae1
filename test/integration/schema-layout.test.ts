/** Schema files get their layout back, and nobody's change is undone with it. */
import { expect, it } from "vitest";
import { restoreLayout } from "../../src/export/schema-layout.ts";
import { pushSchema, schemaFiles } from "../../src/fauna/fauna.ts";
import { Bench } from "../support/bench.ts";

it("white space inside of a string is no layout: whoever changed it meanwhile is not undone", async () => {
  await using bench = await Bench.start();
  const source = await bench.emptyDatabase();
  const signal = new AbortController().signal;
  const fsl = (space: string, text: string) => [
    {
      filename: "shop.fsl",
      content: `// Don't${space}touch.\ncollection Shop {${space}greeting: String = "${text}"\n  history_days 0\n}\n`,
    },
  ];
  const before = fsl("  ", "Good day");
  const raised = new Set(["Shop"]);
  const contents = async () => (await schemaFiles(source, { signal })).files[0]!.content;
  await pushSchema(source, fsl(" ", "Good day"), { override: true });
  expect(await restoreLayout(source, before, raised, { signal, timeoutMs: undefined })).toEqual([]);
  expect(await contents()).toBe(before[0]!.content);
  const [changed] = fsl(" ", "Goodday");
  await pushSchema(source, [changed!], { override: true });
  expect(await restoreLayout(source, before, raised, { signal, timeoutMs: undefined })).toEqual([
    "shop.fsl",
  ]);
  expect(await contents()).toBe(changed!.content);
});
