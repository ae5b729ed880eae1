/** Collections as queries need them: their name, their schema, their computed fields. */
import type { Resource } from "../../auth/auth.ts";
import { type CollectionId, isUserCollection, nativeName } from "../../data/ids.ts";
import { type CollectionSchema, collectionSchema } from "../../schema/collection.ts";
import type { Context } from "../interpreter/context.ts";
import { compileLambda } from "../interpreter/compile.ts";
import type { Lambda } from "../values.ts";

export interface CollectionInfo {
  readonly id: CollectionId;
  /** Its name, not its alias. */
  readonly name: string;
  /** Undefined for native collections. */
  readonly schema: CollectionSchema | undefined;
  /** Computed fields by name, in the order they are defined. */
  readonly computed: ReadonlyMap<string, Lambda>;
}

const compiled = new WeakMap<CollectionSchema, CollectionInfo>();
const NOTHING: ReadonlyMap<string, Lambda> = new Map();

/** The collection of this number; undefined if it is deleted or never was. */
export function collectionInfo(context: Context, id: CollectionId): CollectionInfo | undefined {
  if (!isUserCollection(id)) {
    const name = nativeName(id);
    return name === undefined ? undefined : { id, name, schema: undefined, computed: NOTHING };
  }
  const schema = collectionSchema(context.query.transaction, id);
  if (schema === undefined) return undefined;
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const { name } = schema;
  const computed = [...schema.computed.values()].map((field) => {
    const source = { name: `*computed_field:${name}:${field.name}*`, text: field.body };
    return [field.name, compileLambda(source)] as const;
  });
  const info: CollectionInfo = { id, name, schema, computed: new Map(computed) };
  compiled.set(schema, info);
  return info;
}

/** The collection as permissions are asked about it. */
export const resourceOf = ({ id, name }: { id: CollectionId; name: string }): Resource =>
  isUserCollection(id) ? { kind: "collection", name } : { kind: "native", name };
