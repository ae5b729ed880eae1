import { describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import { parseSecret, printSecret } from "../../../src/fauna/secret.ts";

function refused(text: string | undefined): ArkError {
  try {
    parseSecret(text);
  } catch (error) {
    return error as ArkError;
  }
  throw new Error("It should have been refused.");
}

describe("parseSecret", () => {
  it.each([
    ["fnABC", { key: "fnABC", path: [], role: undefined }],
    ["fnABC\n", { key: "fnABC", path: [], role: undefined }],
    ["fnABC:server", { key: "fnABC", path: [], role: "server" }],
    ["fnABC:@role/clerk", { key: "fnABC", path: [], role: "@role/clerk" }],
    ["fnABC:a/b:server-readonly", { key: "fnABC", path: ["a", "b"], role: "server-readonly" }],
  ])("takes %j apart", (text, secret) => expect(parseSecret(text)).toEqual(secret));

  it.each(["fnABC", "fnABC:client", "fnABC:a/b:admin", "fnABC:db:@role/r"])(
    "prints %s as it was read",
    (text) => expect(printSecret(parseSecret(text))).toBe(text),
  );

  it.each([
    // Fauna would let all of these into the key's own database with all rights (live 26).
    "fnABC:bogus",
    "fnABC:db:bogus",
    "fnABC:db:Admin",
    "fnABC:db:",
    "fnABC:db:@role/",
    "fnABC:db:@doc/C/1",
    "fnABC:a//b:admin",
    "fnABC:a b:admin",
    "fnABC:a:admin:more",
  ])("refuses %s, which Fauna would misread, without showing the key", (text) => {
    const error = refused(text);
    expect(error.code).toBe("ERR_USAGE");
    expect(`${error.message}${error.hint}`).not.toContain("fnABC");
  });

  it.each([undefined, "", " ", "Bearer fnABC", "fn ABC", "fnÄBC", ":admin", "fn\u0000A"])(
    "refuses %j",
    (text) => expect(refused(text).code).toBe("ERR_USAGE"),
  );
});
