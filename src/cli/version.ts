/** The version of the installed package, as its package.json has it. */
import { readFileSync } from "node:fs";

/** The package.json of this package: the nearest above, wherever it was built to. */
function ownPackage(): { readonly version: string } {
  for (let folder = new URL(".", import.meta.url); ; folder = new URL("..", folder)) {
    try {
      const found = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
        name: string;
        version: string;
      };
      if (found.name === "fauna-ark") return found;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    if (folder.pathname === "/") throw new Error("fauna-ark's package.json is missing");
  }
}

export const VERSION: string = ownPackage().version;

/** What manifests name as the tool that wrote them. */
export const TOOL = { name: "fauna-ark", version: VERSION } as const;
