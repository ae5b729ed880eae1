import { MemoryStore } from "../../src/store/store.ts";
import { FailingStore } from "../support/failing-store.ts";
import { storeContract } from "./store-contract.ts";

storeContract("memory", async () => new MemoryStore());
storeContract(
  "a store that could fail but does not",
  async () => new FailingStore(new MemoryStore()),
);
