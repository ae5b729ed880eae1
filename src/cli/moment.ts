/** The option that names a moment of the past. */
import { parseMoment } from "../export/moment.ts";
import type { Arguments } from "./arguments.ts";
import type { OptionSpec } from "./option.ts";

export const AT_OPTION: OptionSpec = {
  name: "at",
  type: "text",
  placeholder: "TIME",
  summary:
    "Not the present but this moment, within the history window: ISO-8601 with a zone, or microseconds since 1970",
  callOnly: true,
};

/** The moment in microseconds, if one is given. @throws ArkError ERR_USAGE when it is none. */
export function momentOf(args: Arguments): bigint | undefined {
  const written = args.text("at");
  return written === undefined ? undefined : parseMoment(written, "--at");
}
