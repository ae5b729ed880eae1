/** Documents of sizes that a test chooses, from a few bytes to megabytes. */
import type { Connection } from "../../src/fauna/fauna.ts";

export const MiB = 1024 * 1024;

/** A request has less than this, and a document of nearly the largest size. */
const REQUEST_BYTES = 4 * MiB;
const REQUEST_DOCUMENTS = 1_000;

/** Makes a collection, with all its history from the start. */
export async function createCollection(database: Connection, name: string): Promise<void> {
  await database.v10(
    `Collection.create({ name: ${JSON.stringify(name)}, history_days: 9223372036854775807 })`,
  );
}

/** Gives documents texts of so many characters each, ids ascending from 1; those that are there get another version. */
export async function putSized(
  database: Connection,
  collection: string,
  sizes: readonly number[],
): Promise<void> {
  let batch: string[] = [];
  let held = 0;
  const send = async (): Promise<void> => {
    const query = `documents.forEach(d => {
      let c = Collection(name)
      if (c.byId(d.id).exists()) c.byId(d.id)!.update({ text: d.text })
      else c.create({ id: d.id, text: d.text })
    })`;
    const values = { documents: `[${batch.join(",")}]`, name: JSON.stringify(collection) };
    if (batch.length > 0) await database.v10(query, { arguments: values });
    batch = [];
    held = 0;
  };
  for (const [index, size] of sizes.entries()) {
    if (held + size > REQUEST_BYTES || batch.length === REQUEST_DOCUMENTS) await send();
    batch.push(`{"id":"${index + 1}","text":"${"x".repeat(size)}"}`);
    held += size;
  }
  await send();
}

/** A collection of documents of so many characters each. */
export async function fillSized(
  database: Connection,
  collection: string,
  sizes: readonly number[],
): Promise<void> {
  await createCollection(database, collection);
  await putSized(database, collection, sizes);
}
