import { expect, test } from "vitest";
import { legacyQuery } from "../../../../src/emulator/http/legacy.ts";

const ask = (method: string, path: string, body = "", query = ""): ReturnType<typeof legacyQuery> =>
  legacyQuery(method, path, new URLSearchParams(query), body, "2.1");

test.for([
  ["GET", "/classes", "", '{"paginate":{"classes":null}}'],
  ["GET", "/classes/c", "", '{"get":{"class":"c"}}'],
  ["GET", "/collections/c/1", "", '{"get":{"ref":{"class":"c"},"id":"1"}}'],
  ["GET", "/keys/5", "", '{"get":{"ref":{"keys":null},"id":"5"}}'],
  ["GET", "/databases/a%20b", "", '{"get":{"database":"a b"}}'],
  [
    "POST",
    "/classes/c",
    '{"data":{"a":1}}',
    '{"create":{"class":"c"},"params":{"quote":{"data":{"a":1}}}}',
  ],
  ["POST", "/databases", "", '{"create":{"databases":null},"params":{"object":{}}}'],
  ["PUT", "/classes/c/1", "{}", '{"replace":{"ref":{"class":"c"},"id":"1"},"params":{"quote":{}}}'],
  [
    "PATCH",
    "/classes/c/1",
    "{}",
    '{"update":{"ref":{"class":"c"},"id":"1"},"params":{"quote":{}}}',
  ],
  ["DELETE", "/classes/c/1", "", '{"delete":{"ref":{"class":"c"},"id":"1"}}'],
] as const)("%s %s is a query", ([method, path, body, text]) => {
  expect(ask(method, path, body)).toEqual({ kind: "query", text });
});

test("a page's size can be given", () => {
  expect(ask("GET", "/indexes", "", "size=5")).toEqual({
    kind: "query",
    text: '{"paginate":{"indexes":null},"size":5}',
  });
});

test.for([
  "/x",
  "/classes/c/x",
  "/classes/c/1/2",
  "/users/self",
  "/tokens/self",
  "/%ff",
  "/toString",
])("%s leads nowhere", (path) => {
  expect(ask("GET", path)).toEqual({ kind: "not found" });
});

test("other methods are named", () => {
  expect(ask("DELETE", "/classes")).toEqual({
    kind: "method not allowed",
    allowed: ["GET", "POST"],
  });
});
