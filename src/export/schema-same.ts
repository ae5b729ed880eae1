/** Whether nothing of a schema has changed but the `history_days` that an export has raised. */
import type { RaisedCollection } from "../archive/archive.ts";
import { ArkError } from "../errors/errors.ts";
import type { Definition, SchemaFile } from "../fauna/fauna.ts";
import { memberOf, parseFsl, removeMember } from "../fsl/fsl.ts";
import { isJsonObject, type Json, parseJson, printJson } from "../values/json.ts";
import type { DatabaseAtSnapshot } from "./tree.ts";

/** @throws ArkError ERR_TRY_AGAIN when anything else has changed, in any of the databases. */
export function requireSameBut(
  before: readonly DatabaseAtSnapshot[],
  after: readonly DatabaseAtSnapshot[],
  raised: readonly RaisedCollection[],
): void {
  const names = ({ path }: DatabaseAtSnapshot) =>
    new Set(
      raised
        .filter(({ database }) => JSON.stringify(database) === JSON.stringify(path))
        .map(({ name }) => name),
    );
  const of = (databases: readonly DatabaseAtSnapshot[]) =>
    databases.map((each) => [each.path, each.globalId, spelled(each, names(each))]);
  if (JSON.stringify(of(before)) === JSON.stringify(of(after))) return;
  throw new ArkError(
    "ERR_TRY_AGAIN",
    "The schema was changed by somebody else while history_days were raised.",
    { place: before[0]?.connection.place, hint: "Begin again when nobody is editing the schema." },
  );
}

function spelled({ schema }: DatabaseAtSnapshot, raised: ReadonlySet<string>): unknown {
  const definitions = schema.definitions.map((each) => [
    each.kind,
    each.name,
    definition(each, raised),
  ]);
  return [definitions, schema.files.map((each) => [each.filename, textBut(each, raised)])];
}

/** A definition without its `ts`, and without what was raised. */
function definition({ kind, name, v4, v10 }: Definition, raised: ReadonlySet<string>): unknown {
  const left = kind === "collections" && raised.has(name) ? ["ts", "history_days"] : [];
  return [v4, v10].map((each) => (each === undefined ? null : without(parseJson(each), left)));
}

function without(json: Json, names: readonly string[]): string {
  const inner = isJsonObject(json) ? (json.get("@doc") ?? json) : json;
  if (!isJsonObject(inner)) return printJson(inner);
  const members = [...inner].filter(([name]) => !names.includes(name));
  return printJson(new Map(members.toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

/** A schema file without what was raised and without the white space, which the server lays out anew around it. */
export function textBut({ filename, content }: SchemaFile, raised: ReadonlySet<string>): string {
  let left = content;
  for (const name of raised) {
    const file = parseFsl(left, filename);
    const item = file.items.find((each) => each.kind === "collection" && each.name.text === name);
    const member = item?.kind === "collection" ? memberOf(item, "history_days") : undefined;
    if (member !== undefined) left = removeMember(file, member);
  }
  return left.replaceAll(LAYOUT, (text, string?: string) => string ?? text.replaceAll(/\s/g, ""));
}

/** Comments and white space, and strings in between, in which white space is none of the layout. */
const LAYOUT = /\/\/[^\n]*|\/\*[^]*?\*\/|("(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*')|\s+/g;
