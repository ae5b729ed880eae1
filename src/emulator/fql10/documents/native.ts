/** What v10 shows of definitions and secrets, whose documents hold more than it tells. */
import { NATIVE, type CollectionId } from "../../data/ids.ts";
import { type Data, DocRef, isArrayData, type ObjectData } from "../../data/value.ts";
import type { Context } from "../interpreter/context.ts";

const HIDDEN: ReadonlyMap<CollectionId, ReadonlySet<string>> = new Map([
  [NATIVE.Key, new Set(["hashed_secret"])],
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
      return named(context, fields, ["database", "role"]);
    case NATIVE.Function:
      return named(context, fields, ["role"]);
    default:
      return fields;
  }
}

/** References to definitions become their names. */
function named(context: Context, fields: ObjectData, members: readonly string[]): ObjectData {
  const toName = (value: Data): Data =>
    value instanceof DocRef ? (context.query.transaction.definitions.nameOf(value) ?? null) : value;
  const replaced = members.flatMap((member): [string, Data][] => {
    const value = fields.get(member);
    if (isArrayData(value)) return [[member, value.map(toName)]];
    return value instanceof DocRef ? [[member, toName(value)]] : [];
  });
  return replaced.length === 0 ? fields : new Map([...fields, ...replaced]);
}
