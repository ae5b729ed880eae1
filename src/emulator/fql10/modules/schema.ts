/** The functions of `FQL.Schema`. */
import { Doc, Null } from "../values.ts";
import { on, param, type Signature } from "./table.ts";
import { string } from "./tags.ts";

export const schemaFunctions: Readonly<Record<string, Signature<unknown>>> = {
  defForIdentifier: on([param("ident", string)], (context, _self, name) => {
    const found = context.query.transaction.definitions.findModule(name);
    return found === undefined
      ? Null.literal(context.span)
      : new Doc(found.ref.collection, found.ref.id);
  }),
};
