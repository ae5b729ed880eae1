import { describe, expect, it } from "vitest";
import type { DefinitionLine } from "../../../src/archive/archive.ts";
import { planSteps } from "../../../src/import/plan.ts";
import { importSource } from "../../support/import-source.ts";

const v4 = (name: string, more = ""): DefinitionLine => ({
  name,
  madeBy: "v4",
  v4: `{"name":"${name}"${more}}`,
  v10: undefined,
});

function titles(...[source, existing = []]: [Parameters<typeof importSource>[0], string[]?]) {
  return planSteps(importSource(source), { existing: new Set(existing) }).map(({ title }) => title);
}

describe("the steps of an import", () => {
  it("mark the target first, and compare after the documents", () => {
    const steps = titles({
      files: { "main.fsl": "collection C {}\n" },
      collections: ["C"],
    });
    expect(steps).toEqual([
      "mark the target",
      "push the schema files (1)",
      "write 3 documents into 1 collections",
      "list the target's refs and compare",
    ]);
  });

  it("make functions before indexes, indexes before roles, and roles before what runs as one", () => {
    expect(
      titles({
        files: { "main.fsl": "collection C {\n  ttl_days 3\n}\n" },
        definitions: {
          functions: [v4("f", ',"role":{"@ref":{"id":"r","collection":{"@ref":{"id":"roles"}}}}')],
          indexes: [v4("ix")],
          roles: [v4("r")],
          access_providers: [v4("ap")],
        },
        collections: ["C"],
      }),
    ).toEqual([
      "mark the target",
      "push the schema files (1)",
      "create the v4 function f",
      "create the v4 index ix",
      "wait for the v4 index ix",
      "create the v4 role r",
      "give the v4 function its role: f",
      "create the v4 access provider ap",
      "write 3 documents into 1 collections",
      "list the target's refs and compare",
      "push the schema files as they are (1)",
    ]);
  });

  it("of documents alone make the collections that are not there", () => {
    expect(titles({ collections: ["A", "B"] }, ["A"])).toEqual([
      "mark the target",
      "create the collection B",
      "write 6 documents into 2 collections",
      "list the target's refs and compare",
    ]);
  });

  it("set the metadata that schema files do not carry", () => {
    const line: DefinitionLine = {
      name: "C",
      madeBy: "v10",
      v4: undefined,
      v10: '{"@doc":{"name":"C","coll":{"@mod":"Collection"},"data":{"a":{"@int":"1"}}}}',
    };
    expect(
      titles({ files: { "main.fsl": "collection C {}\n" }, definitions: { collections: [line] } }),
    ).toContain("set the metadata of Collection C");
  });

  it("each have a reason", () => {
    for (const { reason } of planSteps(importSource({ collections: ["A"] }), {
      existing: new Set(),
    })) {
      expect(reason.length).toBeGreaterThan(10);
    }
  });
});
