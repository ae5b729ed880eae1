/**
 * What is in force while a schema is staged. The lists of definitions then show the staged collections (live 29): one
 * that is only staged holds nothing yet, and one that the staged schema takes away or renames is still there, with
 * all its documents. The schema files tell, which are read as they are in force.
 */
import type { Definition, SchemaFile } from "../fauna/fauna.ts";
import { type FslItem, parseFsl } from "../fsl/fsl.ts";

type CollectionItem = FslItem & { readonly kind: "collection" };

/** Days that stand for "for ever" in schema files. */
const FOR_EVER = 36_500_000n;

export interface InForce {
  readonly definitions: readonly Definition[];
  /** Collections that only the files show, with their settings. */
  readonly hidden: readonly {
    readonly definition: Definition;
    readonly historyDays: number | null;
    readonly ttlDays: number | null;
  }[];
}

/** @throws ArkError ERR_SCHEMA when a file is not FSL. */
export function inForce(shown: readonly Definition[], files: readonly SchemaFile[]): InForce {
  const items = files
    .flatMap(({ filename, content }) => parseFsl(content, filename).items)
    .filter((item): item is CollectionItem => item.kind === "collection");
  const names = new Set(items.map(({ name }) => name.text));
  const definitions = shown.filter(({ kind, name }) => kind !== "collections" || names.has(name));
  const known = new Set(
    definitions.filter(({ kind }) => kind === "collections").map(({ name }) => name),
  );
  const hidden = items.filter(({ name }) => !known.has(name.text)).map(settingsOf);
  return { definitions: [...definitions, ...hidden.map(({ definition }) => definition)], hidden };
}

function settingsOf(item: CollectionItem): InForce["hidden"][number] {
  const name = item.name.text;
  const days = (kind: "history_days" | "ttl_days"): bigint | undefined => {
    const member = item.members.find((each) => each.kind === kind);
    return member !== undefined && "days" in member ? member.days : undefined;
  };
  const history = days("history_days") ?? 0n;
  const ttl = days("ttl_days");
  return {
    definition: { kind: "collections", name, madeBy: "v10", v4: undefined, v10: undefined },
    historyDays: history > FOR_EVER ? null : Number(history),
    ttlDays: ttl === undefined ? null : Number(ttl),
  };
}
