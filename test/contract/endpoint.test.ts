import { expect, it } from "vitest";
import { databaseContract } from "./database-contract.ts";

const { FAUNA_ENDPOINT: endpoint, FAUNA_SECRET: secret } = process.env;

if (endpoint !== undefined && secret !== undefined) {
  const target = { endpoint, secret, close: () => Promise.resolve() };
  databaseContract("The Fauna at FAUNA_ENDPOINT", () => Promise.resolve(target));
} else {
  const why = "FAUNA_ENDPOINT and FAUNA_SECRET are not both set";
  console.log(`Skipped: the contract against an endpoint, because ${why}.`);
  it(`says why it does not run against an endpoint: ${why}`, () => {
    expect(endpoint === undefined || secret === undefined).toBe(true);
  });
}
