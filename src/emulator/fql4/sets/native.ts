/** Native collections where a set is asked for. */
import { ForeignRef, nativeCollectionOf, type AnyRef } from "../value.ts";

import { SchemaSet } from "./documents.ts";
import type { SetValue } from "./set.ts";

/** The definitions that the reference of a native collection stands for; undefined for other references. */
export function setOfNative(ref: AnyRef): SetValue | undefined {
  const native = nativeCollectionOf(ref instanceof ForeignRef ? ref.ref : ref);
  if (native === undefined) return undefined;
  return new SchemaSet(ref instanceof ForeignRef ? ref.database : undefined, native);
}
