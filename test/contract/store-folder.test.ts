import { join } from "node:path";
import { FolderStore } from "../../src/store/store.ts";
import { temporaryFolder } from "../support/folders.ts";
import { storeContract } from "./store-contract.ts";

storeContract("a folder", async () => new FolderStore(await temporaryFolder()));
storeContract("a folder that does not exist yet", async () => {
  return new FolderStore(join(await temporaryFolder(), "new", "archive"));
});
