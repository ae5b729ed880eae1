// The built code that is measured: dist/, or where FAUNA_ARK_BUILD says.
import { pathToFileURL } from "node:url";

const base =
  process.env.FAUNA_ARK_BUILD === undefined
    ? new URL("../../dist/", import.meta.url)
    : pathToFileURL(`${process.env.FAUNA_ARK_BUILD}/`);

export const built = (path) => import(new URL(path, base));
