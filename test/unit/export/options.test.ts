import { afterAll, describe, expect, it } from "vitest";
import { type ExportOptions, resolveExport } from "../../../src/export/options.ts";
import { connect } from "../../../src/fauna/fauna.ts";
import { MemoryStore } from "../../../src/store/store.ts";

const source = connect({ endpoint: "http://127.0.0.1:1", secret: "secret" });
afterAll(() => source.close());

const resolve = (options: Partial<ExportOptions> = {}) =>
  resolveExport({ source, target: new MemoryStore(), ...options });

describe("the options of an export", () => {
  it("have defaults: everything, compressed", () => {
    const { choice, compression } = resolve();
    expect(choice.schema).toBe(true);
    expect(choice.choose([{ name: "anything" }], "here")).toEqual([{ name: "anything" }]);
    expect(compression).toBe("gzip");
  });

  it("are in the manifest as far as they were given", () => {
    expect(resolve({ collections: ["a*"], exclude: ["ab"], dataOnly: true }).asked).toEqual({
      collection: ["a*"],
      exclude: ["ab"],
      "data-only": true,
      compress: "gzip",
    });
  });

  it.each<Partial<ExportOptions>>([
    { pageSize: 0 },
    { window: -1 },
    { rangeDocuments: 1.5 },
    { segmentBytes: NaN },
    { schemaOnly: true, dataOnly: true },
  ])("%j are refused", (options) => {
    expect(() => resolve(options)).toThrow(expect.objectContaining({ code: "ERR_USAGE" }));
  });
});
