// What others do: the vendor's migration script, fauna-dump, and a plain JSON.parse and JSON.stringify.
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { COLLECTION } from "./documents.mjs";

/** What the vendor's migration guide told people to run: the driver's pages, JSON.stringify of all. */
export async function migrationScript({ endpoint, secret, pageSize, folder }, clock) {
  const { Client, fql } = await import("fauna");
  const client = new Client({
    endpoint: new URL(endpoint),
    secret,
    query_timeout_ms: 120_000,
  });
  clock.begin();
  const all = [];
  const set = fql`Collection(${COLLECTION}).all()`;
  const query = pageSize === undefined ? set : fql`${set}.pageSize(${pageSize})`;
  for await (const page of client.paginate(query)) all.push(...page);
  await writeFile(join(folder, `${COLLECTION}.json`), JSON.stringify(all, null, 2));
  clock.end();
  client.close();
  return { documents: all.length };
}

/** fauna-dump's way: the v4 driver, one page after the other at one time, each document JSON.stringify'd to a line. */
export async function faunaDump({ endpoint, secret, pageSize = 1000, folder }, clock) {
  const { default: faunadb } = await import("faunadb");
  const { query: q } = faunadb;
  const url = new URL(endpoint);
  const client = new faunadb.Client({
    secret,
    scheme: url.protocol.slice(0, -1),
    domain: url.hostname,
    port: Number(url.port),
  });
  clock.begin();
  const file = createWriteStream(join(folder, `${COLLECTION}.ndjson`));
  let documents = 0;
  let after;
  do {
    const page = await client.query(
      q.Map(
        q.Paginate(q.Documents(q.Collection(COLLECTION)), {
          size: pageSize,
          ...(after === undefined ? {} : { after }),
        }),
        q.Lambda("ref", q.Get(q.Var("ref"))),
      ),
    );
    for (const document of page.data)
      if (!file.write(`${JSON.stringify(document)}\n`)) await once(file, "drain");
    documents += page.data.length;
    after = page.after;
  } while (after !== undefined);
  file.end();
  await once(file, "finish");
  clock.end();
  await client.close();
  return { documents };
}

/** JSON.parse and JSON.stringify of the pages of a whole collection, which are in memory already. */
export async function parseAndStringify(texts, clock) {
  clock.begin();
  let bytes = 0;
  for (const text of texts) bytes += JSON.stringify(JSON.parse(text)).length;
  clock.end();
  return { bytes };
}
