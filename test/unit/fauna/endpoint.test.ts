import { describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import { parseEndpoint } from "../../../src/fauna/endpoint.ts";

function refused(text: string | undefined): ArkError {
  try {
    parseEndpoint(text);
  } catch (error) {
    return error as ArkError;
  }
  throw new Error("It should have been refused.");
}

describe("parseEndpoint", () => {
  it.each([
    ["http://localhost:8443", "http://localhost:8443"],
    [" https://fauna.example/ ", "https://fauna.example"],
    ["http://[::1]:8443", "http://[::1]:8443"],
  ])("takes %s", (text, origin) => expect(parseEndpoint(text).origin).toBe(origin));

  it.each([undefined, "", "  "])("asks for an endpoint where there is none (%s)", (text) => {
    expect(refused(text)).toMatchObject({ code: "ERR_USAGE", message: "No endpoint is given." });
  });

  it.each(["https://db.fauna.com", "https://db.us.fauna.com/", "https://graphql.fauna.com"])(
    "explains that %s is gone",
    (text) => expect(refused(text).message).toContain("2025-05-30"),
  );

  it.each([
    "localhost:8443",
    "db",
    "ftp://x",
    "http://x/y",
    "http://x/?q=1",
    "http://",
    "http://x y",
  ])("refuses %s and says what an endpoint looks like", (text) => {
    const error = refused(text);
    expect(error.code).toBe("ERR_USAGE");
    expect(error.hint).toContain("http");
  });

  it("refuses a login in the endpoint without repeating it", () => {
    const error = refused("http://user:fnPASSWORD@localhost:8443");
    expect(JSON.stringify([error.message, error.hint, error.place])).not.toContain("PASSWORD");
  });
});
