/** Requests that are nearly those of the corpus: whatever they are, the emulator knows what to say. */
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { loadScenarios } from "./corpus/lib/scenario.mjs";

const SCENARIOS = fileURLToPath(new URL("corpus/scenarios", import.meta.url));
/** Deliberately endless ones among them are cut off. */
const TIMEOUT_MS = "1000";
const RUNS = 400;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Step {
  readonly request: { readonly method: string; readonly path: string; readonly body?: Json };
}

let emulator: Emulator;
const logged: string[] = [];
let queries: { readonly query: string; readonly [key: string]: Json }[] = [];
let expressions: Json[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ log: (line) => logged.push(line) });
  const scenarios = await loadScenarios(SCENARIOS);
  const requests = scenarios.flatMap(({ steps }) =>
    (steps as Step[]).map(({ request }) => request),
  );
  expressions = requests.flatMap(({ path, body }) =>
    path === "/" && body !== undefined ? [body] : [],
  );
  queries = requests.flatMap(({ path, body }) =>
    path === "/query/1" && isObject(body) && typeof body["query"] === "string"
      ? [{ ...body, query: body["query"] }]
      : [],
  );
});

afterAll(() => emulator.close());

test("a v4 expression with parts of others in it is answered", async () => {
  const parts = expressions.flatMap((expression) => [...partsOf(expression)]);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...expressions),
      fc.infiniteStream(fc.integer({ min: 0, max: 999 })),
      fc.infiniteStream(fc.constantFrom(...parts)),
      async (expression, dice, others) => {
        const changed = mutate(
          expression,
          () => next(dice) < 60,
          () => next(others),
        );
        await ask("/", JSON.stringify(changed), {
          "x-faunadb-api-version": "4",
          "x-query-timeout": TIMEOUT_MS,
        });
      },
    ),
    { numRuns: RUNS },
  );
});

test("a v10 query with words of others in it is answered", async () => {
  const words = queries.flatMap(({ query }) => wordsOf(query));
  const splice = fc.record({
    at: fc.nat(),
    remove: fc.integer({ min: 0, max: 1 }),
    insert: fc.array(fc.constantFrom(...words), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...queries),
      fc.array(splice, { maxLength: 3 }),
      async (body, splices) => {
        const text = wordsOf(body.query.replaceAll(/\$\{\w+\}/g, "1"));
        for (const { at, remove, insert } of splices) {
          text.splice(at % (text.length + 1), remove, ...insert);
        }
        await ask("/query/1", JSON.stringify({ ...body, query: text.join("") }), {
          "x-query-timeout-ms": TIMEOUT_MS,
        });
      },
    ),
    { numRuns: RUNS },
  );
});

/** Sends a request; anything but an answer in JSON that is no failure inside is wrong. */
async function ask(path: string, body: string, headers: Record<string, string>): Promise<void> {
  const answer = await fetch(`${emulator.endpoint}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${emulator.secret}`, ...headers },
    body,
  });
  const text = await answer.text();
  expect(answer.status, `${body}\n${logged.join("\n")}`).not.toBe(500);
  expect(() => JSON.parse(text) as unknown).not.toThrow();
}

function mutate(json: Json, isHit: () => boolean, other: () => Json): Json {
  if (isHit()) return other();
  if (Array.isArray(json)) return json.map((item) => mutate(item, isHit, other));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, mutate(value, isHit, other)]),
  );
}

function* partsOf(json: Json): Generator<Json, void> {
  yield json;
  if (json === null || typeof json !== "object") return;
  for (const part of Object.values(json)) yield* partsOf(part);
}

const wordsOf = (query: string): string[] => query.split(/(?<=[.(){}[\], ])/);

function isObject(json: Json | undefined): json is { [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function next<T>(stream: Iterator<T>): T {
  return stream.next().value as T;
}
