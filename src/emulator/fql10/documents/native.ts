/** What v10 shows of definitions and secrets, whose documents hold more than it tells. */
import { NATIVE, type CollectionId } from "../../data/ids.ts";
import { type Data, DocRef, type ObjectData } from "../../data/value.ts";
import type { Context } from "../interpreter/context.ts";

const HIDDEN: ReadonlyMap<CollectionId, ReadonlySet<string>> = new Map([
  [NATIVE.Database, new Set(["container", "account"])],
  [NATIVE.Key, new Set(["hashed_secret", "priority"])],
  [NATIVE.Token, new Set(["hashed_secret", "global_id", "instance"])],
  [NATIVE.Credential, new Set(["hashed_password", "password", "instance", "data"])],
]);
const NOTHING: ReadonlySet<string> = new Set();

/** Members that v10 never shows. */
export const hiddenFields = (collection: CollectionId): ReadonlySet<string> =>
  HIDDEN.get(collection) ?? NOTHING;

/** The stored members under the names and in the form that v10 shows them in. */
export function fieldsAsShown(
  context: Context,
  collection: CollectionId,
  fields: ObjectData,
): ObjectData {
  switch (collection) {
    case NATIVE.Token:
    case NATIVE.Credential: {
      const owner = fields.get("instance");
      return owner === undefined ? fields : new Map([...fields, ["document", owner]]);
    }
    case NATIVE.Key:
      return withDatabaseName(context, fields);
    default:
      return fields;
  }
}

/** The child that a key is for is shown by its name, as long as it is there. */
function withDatabaseName(context: Context, fields: ObjectData): ObjectData {
  const { transaction } = context.query;
  const database = fields.get("database");
  if (!(database instanceof DocRef) || transaction.get(database) === undefined) return fields;
  const name = transaction.definitions.nameOf(database);
  return name === undefined ? fields : new Map<string, Data>([...fields, ["database", name]]);
}
