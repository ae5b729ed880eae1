import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../../../src/values/canonical.ts";
import { isJsonObject, type Json, parseJson, printJson } from "../../../src/values/json.ts";
import { parseV4, printV4 } from "../../../src/values/v4.ts";

const CORPUS = join(import.meta.dirname, "../../conformance/corpus/scenarios");

interface Recording {
  readonly name: string;
  readonly path: string;
  readonly version: string | undefined;
  readonly text: string;
}

/** Every JSON answer of the corpus. */
function recordings(): Recording[] {
  const files = readdirSync(CORPUS, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".json"),
  );
  return files.flatMap((name) =>
    stepsOf(name).flatMap(({ request, expect: answer }): Recording[] => {
      const text = answer?.bodyText;
      if (text === undefined || !/^[[{]/.test(text) || !text.endsWith("}")) return [];
      return [
        { name, path: request.path, version: request.headers?.["X-FaunaDB-API-Version"], text },
      ];
    }),
  );
}

interface Step {
  readonly request: { readonly path: string; readonly headers?: Readonly<Record<string, string>> };
  readonly expect?: { readonly bodyText?: string };
}

function stepsOf(name: string): Step[] {
  const scenario = JSON.parse(readFileSync(join(CORPUS, name), "utf8")) as { steps: Step[] };
  return scenario.steps;
}

describe("what a real node answered", () => {
  const answers = recordings().filter(({ text }) => isJson(text));

  it("is canonical text as it stands, and reads and prints without a changed character", () => {
    expect(answers.length).toBeGreaterThan(1000);
    for (const { name, text } of answers) {
      expect(canonicalText(text), name).toBe(text);
      expect(printJson(parseJson(text)), name).toBe(text);
    }
  });

  it("in v4 reads as values that print as the node printed them", () => {
    // Times that the corpus replaces by symbols are no times any more.
    const v4 = answers.filter(
      ({ path, version, text }) => path === "/" && version === "4" && !text.includes('"@ts":"<'),
    );
    let seen = 0;
    for (const { name, text } of v4) {
      const resource = resourceOf(parseJson(text));
      if (resource === undefined) continue;
      seen += 1;
      expect(printV4(parseV4(resource)), name).toBe(printJson(resource));
    }
    expect(seen).toBeGreaterThan(500);
  });
});

function resourceOf(answer: Json): Json | undefined {
  return isJsonObject(answer) ? answer.get("resource") : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
