/**
 * A line of `schema/<kind>.ndjson`: one definition as both protocols print it, raw.
 *
 * `{"name":"f","madeBy":"v4","v4"?:{…},"v10"?:{"@doc":{…}}}`
 */
import { ArkError } from "../errors/errors.ts";
import { canonicalText } from "../values/canonical.ts";
import { printString } from "../values/json.ts";
import { decodeString, skipString, skipValue, walkObject, walkWhole } from "../values/scan.ts";

export interface DefinitionLine {
  readonly name: string;
  /** The protocol whose form it has and which has to write it. */
  readonly madeBy: "v4" | "v10";
  /** The definition as v4's `Get` prints it; undefined where v4 did not show it. */
  readonly v4: string | undefined;
  /** The definition as v10 prints it, tagged; undefined where v10 did not show it. */
  readonly v10: string | undefined;
}

/** The line without its line feed. */
export function printDefinitionLine({ name, madeBy, v4, v10 }: DefinitionLine): string {
  let line = `{"name":${printString(name)},"madeBy":"${madeBy}"`;
  if (v4 !== undefined) line += `,"v4":${canonicalText(v4)}`;
  if (v10 !== undefined) line += `,"v10":${canonicalText(v10)}`;
  return `${line}}`;
}

/** @throws ArkError ERR_RECORD when the line is not a definition; `place` says where it stands. */
export function parseDefinitionLine(line: string, place: string): DefinitionLine {
  let name: string | undefined;
  let madeBy: string | undefined;
  const forms: { v4?: string; v10?: string } = {};
  try {
    walkWhole(line, (start) =>
      walkObject(line, start, (member, at) => {
        if (member === "name" || member === "madeBy") {
          const end = skipString(line, at);
          const text = decodeString(line, at, end);
          if (member === "name") name = text;
          else madeBy = text;
          return end;
        }
        const end = skipValue(line, at);
        if (member === "v4" || member === "v10") forms[member] = line.slice(at, end);
        return end;
      }),
    );
  } catch (cause) {
    throw new ArkError("ERR_RECORD", "A definition is not well formed.", { place, cause });
  }
  if (name === undefined || (madeBy !== "v4" && madeBy !== "v10")) {
    throw new ArkError("ERR_RECORD", "A definition lacks its name or what made it.", { place });
  }
  return { name, madeBy, v4: forms.v4, v10: forms.v10 };
}
