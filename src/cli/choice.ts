import type { OptionSpec } from "./option.ts";

/** What of a database to take: the same for whatever takes one, which its help calls `verb`. */
export function choiceOptions(verb: "Copy" | "Export"): readonly OptionSpec[] {
  return [
    {
      name: "collection",
      type: "list",
      placeholder: "GLOB",
      summary: `${verb} only the documents of these collections; the schema is always whole`,
    },
    {
      name: "exclude",
      type: "list",
      placeholder: "GLOB",
      summary: "Leave out the documents of these collections",
    },
    { name: "schema-only", type: "flag", summary: `${verb} the schema, no documents` },
    { name: "data-only", type: "flag", summary: `${verb} documents, no schema` },
  ];
}
