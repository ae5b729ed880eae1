/** `/export/1` of the emulator writes what a Fauna node writes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";

let emulator: Emulator;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "emulator-export-"));
  emulator = await startEmulator({ exportPath: folder });
});
afterAll(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function send(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${emulator.endpoint}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${emulator.secret}`, "x-format": "tagged" },
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Answer["body"]) };
}

async function query(fql: unknown): Promise<unknown> {
  const { status, body } = await send("POST", "/query/1", { query: fql });
  expect(status, JSON.stringify(body)).toBe(200);
  return body["data"];
}

const begun = async (id: string, body: unknown) =>
  expect(await send("PUT", `/export/1/${id}`, body)).toMatchObject({ status: 201 });

/** Waits for the end of an export; the folder it wrote and what was said of it. */
async function ended(id: string): Promise<{ path: string; last: Answer["body"] }> {
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- until it is done
    const { body: last } = await send("GET", `/export/1/${id}`);
    if (last["state"] !== "pending") {
      return { path: join(folder, "core_out", String(last["path"])), last };
    }
    // eslint-disable-next-line no-await-in-loop -- as above
    await sleep(50);
  }
}

const REAL = join(import.meta.dirname, "../fixtures/real/official-tagged-jsonl");

/** Lines of a real node's export of one collection. */
function realLines(collection: string, count: number): string[] {
  const run = readdirSync(REAL, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith(`${collection}_00_000000.jsonl`),
  );
  expect(run).toBeDefined();
  return readFileSync(join(REAL, String(run)), "utf8")
    .split("\n")
    .slice(0, count);
}

test("what a real node exported is exported as the same lines, but for the time of writing", async () => {
  const lines = realLines("Movie", 200);
  await query('Collection.create({ name: "Movie" })');
  await query({
    fql: [
      "let docs = ",
      { value: lines.map((line) => omit(line, "coll", "ts")) },
      "\n docs.forEach(d => Movie.create(d))",
    ],
  });
  await begun("movies", { collections: ["Movie"], datafile_format: "jsonl" });
  const { path, last } = await ended("movies");
  expect(last).toMatchObject({ state: "complete", datafile_ext: "jsonl", collections: ["Movie"] });
  const written = readFileSync(join(path, "data/collections/Movie/Movie_00_000000.jsonl"), "utf8");
  expect(written.trimEnd().split("\n").map(without)).toEqual(lines.map(without));
  const metadata = JSON.parse(readFileSync(join(path, "metadata_00.json"), "utf8")) as object;
  expect(metadata).toMatchObject({
    account_id: "0",
    export_id: "movies",
    collections: ["Movie"],
    snapshot_ts: last["snapshot_ts"],
    doc_format: "tagged",
    part: 0,
    total_parts: 1,
    files_count: 1,
    files_bytes: Buffer.byteLength(written),
  });
});

/** A line without the time of writing. */
const without = (line: string): string => line.replace(/"ts":\{"@time":"[^"]*"\},?/, "");

function omit(line: string, ...names: readonly string[]): unknown {
  const { ...fields } = JSON.parse(line) as Record<string, unknown>;
  for (const name of names) delete fields[name];
  return fields;
}

test("an export is of the moment at which it was asked for, without computed fields, with password hashes", async () => {
  await query(
    'Collection.create({ name: "User", computed_fields: { twice: { body: "u => u.n * 2" } } })',
  );
  await query('User.create({ id: "1" })!.replaceData({ n: 1, data: 5, "@odd": true })');
  await query('Credential.create({ document: User.byId("1"), password: "secret" })');
  await begun("users", { datafile_compression: true });
  await query('User.byId("1")!.update({ n: 2 })');
  const { path, last } = await ended("users");
  expect(last["collections"]).toContain("Credential");
  const read = (name: string) =>
    JSON.parse(
      gunzipSync(
        readFileSync(join(path, `data/collections/${name}/${name}_00_000000.json.gz`)),
      ).toString(),
    ) as unknown[];
  expect(read("User")).toEqual([
    {
      "@object": {
        id: "1",
        coll: { "@mod": "User" },
        ts: expect.anything() as unknown,
        n: { "@int": "1" },
        "@odd": true,
        data: { data: { "@int": "5" } },
      },
    },
  ]);
  expect(read("Credential")).toEqual([
    expect.objectContaining({ hashed_password: expect.stringMatching(/^\$2a\$/) as string }),
  ]);
});

test("asked for again while it runs, an export is the same; asked for otherwise it is refused", async () => {
  // On a machine that stops us for half a second between two requests, an export ends in between: then there is another.
  for (let attempt = 0; ; attempt++) {
    const path = `/export/1/twice${attempt}`;
    const first = await send("PUT", path, {});
    expect(first.status).toBe(201);
    const again = await send("PUT", path, {});
    const otherwise = await send("PUT", path, { doc_format: "simple" });
    const isNew = again.status === 201 || otherwise.status === 201;
    if (isNew && attempt < 20) continue;
    expect(again).toEqual({ status: 200, body: first.body });
    expect(otherwise).toEqual({
      status: 400,
      body: {
        error: "Requested doc_format `simple` does not match running export's value `tagged`",
      },
    });
    expect((await send("DELETE", path)).status).toBe(204);
    const left = await send("GET", path);
    // It may have ended just before it was to be cancelled.
    if (left.body["state"] === "complete" && attempt < 20) continue;
    expect(left.status).toBe(404);
    return;
  }
});

test("no export id leads out of the folder", async () => {
  await query('Collection.byName("User") ?? Collection.create({ name: "User" })');
  const id = encodeURIComponent("../../../../escaped");
  await begun(id, { datafile_format: "json" });
  const { last } = await ended(id);
  expect(last["state"]).toBe("complete");
  expect(readdirSync(folder)).toEqual(["core_out"]);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  expect(files.some((name) => name.includes("escaped") && name.endsWith("metadata_00.json"))).toBe(
    true,
  );
});

test("without a folder exports are refused", async () => {
  await using other = await startEmulator();
  const response = await fetch(`${other.endpoint}/export/1/x`, {
    method: "PUT",
    body: "{}",
    headers: { authorization: "Bearer secret" },
  });
  expect(response.status).toBe(400);
  expect(await response.text()).toBe('{"error":"export_path not configured"}');
});
