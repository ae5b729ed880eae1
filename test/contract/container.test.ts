import { expect, it } from "vitest";
import { containerTarget } from "../support/container.ts";
import { databaseContract } from "./database-contract.ts";

const target = await containerTarget();

if ("why" in target) {
  const { why } = target;
  console.log(`Skipped: the contract against a container, because of this: ${why}`);
  it(`says why it does not run against a container: ${why}`, () => expect(why).not.toBe(""));
} else {
  databaseContract("The container", () => Promise.resolve(target));
}
