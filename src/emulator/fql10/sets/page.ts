/** One page of a set, with the cursor that leads to the next. */
import type { Context } from "../interpreter/context.ts";
import { encodeCursor } from "../cursor.ts";
import { SetCursor, type ObjectOf, type Value } from "../values.ts";
import type { Position, ValueSet } from "./set.ts";

/** The first `size` members from `from` on as `{ data, after }`; no `after` on the last page. */
export function pageOf(context: Context, set: ValueSet, size: number, from?: Position): ObjectOf {
  const data: Value[] = [];
  for (const element of set.iterate(context, from)) {
    if (data.length === size) {
      const time = context.systemTime ?? context.query.now;
      const after = encodeCursor(context.query, {
        set,
        position: element.position(),
        time,
        size,
      });
      return new Map<string, Value>([
        ["data", data],
        ["after", new SetCursor(after)],
      ]);
    }
    data.push(element.value);
  }
  return new Map([["data", data]]);
}
