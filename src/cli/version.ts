/** The version of the installed package, as its package.json has it. */
import { readFileSync } from "node:fs";

/** Sources and built files both lie two folders below package.json. */
const PACKAGE = new URL("../../package.json", import.meta.url);

export const VERSION: string = (JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string })
  .version;

/** What manifests name as the tool that wrote them. */
export const TOOL = { name: "fauna-ark", version: VERSION } as const;
