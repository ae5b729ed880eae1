import { describe, expect, it } from "vitest";
import type { DefinitionLine } from "../../../src/archive/archive.ts";
import { needsV4, sameFiles, schemaStages } from "../../../src/import/stages.ts";
import { importSource } from "../../support/import-source.ts";

const v4 = (name: string): DefinitionLine => ({
  name,
  madeBy: "v4",
  v4: `{"name":"${name}"}`,
  v10: undefined,
});

const file = (content: string) => ({ filename: "main.fsl", content });

/** The one file in its three states. */
function stages(fsl: string, definitions: Parameters<typeof importSource>[0]["definitions"] = {}) {
  const { bare, loading, final } = schemaStages(
    importSource({ files: { "main.fsl": fsl }, definitions }),
  );
  return { bare: bare[0]!.content, loading: loading[0]!.content, final: final[0]!.content };
}

describe("the states in which schema files are pushed", () => {
  it("are all the file itself where nothing has to wait", () => {
    const fsl =
      "// Mine.\ncollection C {\n  a: Int\n  history_days 3\n}\n\nrole r { privileges C { read } }\n";
    expect(stages(fsl)).toEqual({ bare: fsl, loading: fsl, final: fsl });
  });

  it("give ttl_days last, and nothing else later", () => {
    const fsl =
      "collection C {\n  a: Int\n  ttl_days 3\n}\n\ncollection D {\n  ttl_days 9\n  b: Int\n}\n";
    const { bare, loading, final } = stages(fsl);
    expect(final).toBe(fsl);
    expect(loading).not.toContain("ttl_days");
    expect(loading).toContain("a: Int");
    expect(loading).toContain("b: Int");
    expect(bare).toBe(loading);
  });

  it("say the days that a collection has where its file says the most that Fauna counts with", () => {
    const ever = { ...v4("Ever"), v4: '{"name":"Ever","history_days":9223372036854775807}' };
    const fsl = (days: string) =>
      `collection Ever {\n  history_days ${days}\n}\n\ncollection Few {\n  history_days 106751\n}\n`;
    const said = fsl("9223372036854775807");
    const definitions = { collections: [ever, v4("Few")] };
    expect(stages(fsl("106751"), definitions)).toEqual({ bare: said, loading: said, final: said });
  });

  it("leave out first what names a v4 function, and what names that", () => {
    const fsl = `collection C {}
role plain { privileges C { read } }
role calls { privileges old { call } }
@role(calls)
function f() { 1 }
access provider ap {
  issuer "https://a.example/"
  jwks_uri "https://a.example/j"
  role calls
}
`;
    const { bare, loading } = stages(fsl, { functions: [v4("old")] });
    expect(loading).toBe(fsl);
    expect(bare).toContain("role plain");
    expect(bare).toContain("function f() { 1 }");
    expect(bare).not.toContain("calls");
    expect(bare).not.toContain("access provider");
  });

  it("leave out first what names a v4 role", () => {
    const fsl = `@role(legacy)
function f() { 1 }
access provider ap {
  issuer "https://a.example/"
  jwks_uri "https://a.example/j"
  role legacy
}
`;
    const { bare } = stages(fsl, { roles: [v4("legacy")] });
    expect(bare.trim()).toBe("function f() { 1 }");
  });

  it("leave out first collections that no push can create, and the roles that name them", () => {
    const fsl =
      'collection "audit-log" {}\ncollection C {}\nrole r { privileges "audit-log" { read } }\n';
    const source = importSource({ files: { "main.fsl": fsl } });
    expect([...schemaStages(source).v4Collections]).toEqual(["audit-log"]);
    expect(stages(fsl).bare.trim()).toBe("collection C {}");
  });

  it("leave out none that is there already, for a push without it would delete it", () => {
    const files = { "main.fsl": 'collection "audit-log" {}\ncollection "my.log" {}\n' };
    const { v4Collections, bare } = schemaStages(
      importSource({ files }),
      new Set(["audit-log", "Other"]),
    );
    expect([...v4Collections]).toEqual(["my.log"]);
    expect(bare[0]!.content.trim()).toBe('collection "audit-log" {}');
  });

  it("are refused with file, line and column where a file is not FSL", () => {
    expect(() => stages("collection C {\n  a Int\n}\n")).toThrow(
      expect.objectContaining({
        code: "ERR_SCHEMA",
        place: expect.stringMatching(/^main\.fsl:2:/) as string,
      }),
    );
  });

  it("are compared by content", () => {
    expect(sameFiles([file("a")], [file("a")])).toBe(true);
    expect(sameFiles([file("a")], [file("b")])).toBe(false);
    expect(sameFiles([file("a")], [])).toBe(false);
  });
});

describe("names that only v4 can give a collection", () => {
  it.each(["audit-log", "a.b", "1st", "Time", "Collection", "_", "let"])("%s is one", (name) => {
    expect(needsV4(name)).toBe(true);
  });

  it.each(["Order", "order", "_order", "Orders2"])("%s is none", (name) => {
    expect(needsV4(name)).toBe(false);
  });
});
