/**
 * A small database with every kind of definition, secrets, a child database and two segments of documents; what an
 * archive of it and a copy of it hold, to be compared.
 */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Decrypter } from "age-encryption";
import type { Manifest } from "../../src/archive/archive.ts";
import { type Connection, pushSchema, scoped } from "../../src/fauna/fauna.ts";
import { createDatabase } from "../../src/import/import.ts";
import { readWhole, type Store } from "../../src/store/store.ts";
import { recipients, TEST_IDENTITY } from "./age.ts";
import { type Bench } from "./bench.ts";
import type { DatabaseContent } from "./independent-reader.ts";
import { insert } from "./sample-databases.ts";

/** How such a database is exported: all of it, sealed, compressed, in two segments. */
export const EVERYTHING = {
  recursive: true,
  secrets: true,
  compression: "gzip",
  encryption: recipients,
  segmentBytes: 400,
} as const;

/** The document that only v10 can write, which gives it a new `ts`. */
const NEW_TS: ReadonlySet<string> = new Set(["C/50"]);

const MAIN = `collection C {
  unique [.email]
  ttl_days 9
}
function f() { 1 }
role modern { privileges C { read } }
access provider ap {
  issuer "https://a.example/"
  jwks_uri "https://a.example/j"
  role modern
}
`;

export async function buildEverything(database: Connection): Promise<void> {
  await pushSchema(database, [{ filename: "main.fsl", content: MAIN }], { override: true });
  const c = '{"@ref":{"id":"C","collection":{"@ref":{"id":"collections"}}}}';
  const lambda = '{"@query":{"api_version":"4","lambda":"x","expr":{"var":"x"}}}';
  for (const each of [
    `{"create_function":{"quote":{"name":"old","body":${lambda}}}}`,
    `{"create_index":{"quote":{"name":"ix","source":${c},"terms":[{"field":["data","k"]}]}}}`,
    `{"create_role":{"quote":{"name":"legacy","privileges":[{"resource":${c},"actions":{"read":true}}]}}}`,
  ]) {
    await database.v4(`{"do":[${each},null]}`);
  }
  for (let id = 1; id <= 9; id++) await insert(database, "C", String(id), `{"k":${id}}`);
  await database.v10('C.create({ id: "50", ttl: null, holes: [null, 1.0], nan: 0.0 / 0.0 })');
  await database.v10('Collection.byName("C")!.update({ data: { about: "everything" } })');
  const child = await createDatabase(database, "kid");
  await child.v10('Collection.create({ name: "Toy" })');
  await insert(child, "Toy", "1", '{"kind":"bear"}');
  for (const each of [
    '{"create":{"ref":{"credentials":null},"id":"601"},"params":{"object":{"instance":{"ref":{"collection":"C"},"id":"1"},"password":"open"}}}',
    '{"create_key":{"object":{"role":"server","data":{"object":{"name":"ours"}}}}}',
    '{"create_key":{"object":{"role":"server","database":{"database":"kid"}}}}',
    '{"login":{"ref":{"collection":"C"},"id":"1"},"params":{"object":{"password":"open"}}}',
  ]) {
    await database.v4(`{"do":[${each},null]}`);
  }
}

/**
 * What an archive holds, by what it is: schema files as they are, documents of a collection as one text however many
 * segments they are cut into. Read with age and gzip alone.
 */
export async function archiveContent(store: Store): Promise<Map<string, string>> {
  const bytes = await readWhole(store, "manifest.json");
  const digest = createHash("sha256").update(bytes).digest("hex");
  const stated = (await readWhole(store, "manifest.json.sha256")).toString();
  if (stated !== `${digest}  manifest.json\n`) throw new Error(`the digest is not ${digest}`);
  const manifest = JSON.parse(bytes.toString()) as Manifest;
  const opened = async (file: string): Promise<Buffer> => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(TEST_IDENTITY);
    const plain = Buffer.from(await decrypter.decrypt(await readWhole(store, file)));
    return file.endsWith(".gz.age") ? gunzipSync(plain) : plain;
  };
  const content = new Map<string, string>();
  for (const { path, schema, collections } of manifest.databases) {
    for (const { file } of schema) content.set(file, (await opened(file)).toString());
    for (const { name, segments } of collections) {
      const texts: string[] = [];
      for (const { file } of segments) texts.push((await opened(file)).toString());
      content.set([...path, name].join("/"), texts.join(""));
    }
  }
  return content;
}

/** What a database and the one below it hold, by what it is, read without the toolkit but for the secrets. */
export async function databaseContent(
  bench: Bench,
  database: Connection,
): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  const kid = await scoped(database, "kid");
  for (const [prefix, each] of [
    ["", database],
    ["kid/", kid],
  ] as const) {
    const read = await bench.read(each);
    for (const part of ["documents", "definitions", "files"] as const) {
      for (const [key, text] of lines(read, part)) content.set(`${prefix}${part}/${key}`, text);
    }
  }
  for (const kind of ["credentials", "keys", "tokens"]) {
    const { text } = await database.v4(
      `{"map":{"lambda":"r","expr":{"get":{"var":"r"}}},"collection":{"paginate":{"${kind}":null}}}`,
      { idempotent: true },
    );
    content.set(kind, withoutTs(text));
  }
  return content;
}

function* lines(
  read: DatabaseContent,
  part: "documents" | "definitions" | "files",
): Generator<[string, string]> {
  for (const [key, text] of read[part])
    yield [key, part === "documents" && NEW_TS.has(key) ? withoutTs(text) : text];
}

function withoutTs(text: string): string {
  return text.replaceAll(/"ts":(\d+|\{"@time":"[^"]*"\})/g, '"ts":…');
}
