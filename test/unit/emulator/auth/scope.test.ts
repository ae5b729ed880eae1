import { expect, test } from "vitest";
import { parseScopedSecret, secretOfHeader } from "../../../../src/emulator/auth/scope.ts";

const scope = (text: string): unknown => parseScopedSecret(text)?.scope;

test("a secret alone has no scope", () => {
  expect(parseScopedSecret("fnabc")).toEqual({ secret: "fnabc", scope: { kind: "none" } });
  expect(parseScopedSecret("fnabc:")).toEqual({ secret: "fnabc", scope: { kind: "none" } });
});

test("roles, child databases, user-defined roles and documents are told apart", () => {
  expect(scope("s:admin")).toEqual({ kind: "builtin", path: [], role: "admin" });
  expect(scope("s:server-readonly")).toEqual({
    kind: "builtin",
    path: [],
    role: "server-readonly",
  });
  expect(scope("s:kid/grand:client")).toEqual({
    kind: "builtin",
    path: ["kid", "grand"],
    role: "client",
  });
  expect(scope("s:@role/reader")).toEqual({ kind: "role", path: [], name: "reader" });
  expect(scope("s:kid:@role/reader")).toEqual({ kind: "role", path: ["kid"], name: "reader" });
  expect(scope("s:kid:@doc/User/12")).toEqual({
    kind: "document",
    path: ["kid"],
    collection: "User",
    id: "12",
  });
  expect(scope("s:collections/User/12")).toMatchObject({ kind: "document", collection: "User" });
});

test("an unknown suffix is ignored together with its path", () => {
  for (const suffix of [
    "bogus",
    "kid:bogus",
    "kid",
    "kid:adminx",
    "a:b:admin",
    ":admin",
    "@doc/User",
  ]) {
    expect(scope(`s:${suffix}`)).toEqual({ kind: "none" });
  }
});

test("the secret comes from Bearer, or from Basic as the user name", () => {
  expect(secretOfHeader("Bearer abc:admin")).toBe("abc:admin");
  expect(secretOfHeader("Bearer  abc")).toBe("abc");
  expect(secretOfHeader(`Basic ${btoa("abc:")}`)).toBe("abc");
  expect(secretOfHeader(`Basic ${btoa("abc:kid:admin:")}`)).toBe("abc:kid:admin");
  for (const header of [undefined, "", "Bearer", "Bearer ", "Digest x", "bearer abc", "abc"]) {
    expect(secretOfHeader(header)).toBeUndefined();
  }
});
