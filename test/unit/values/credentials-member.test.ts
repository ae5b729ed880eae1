import { describe, expect, it } from "vitest";
import { withoutCredentials } from "../../../src/values/credentials-member.ts";
import { makeRecord } from "../../../src/values/record.ts";

describe("a record without its credentials", () => {
  const record = (extraText: string | undefined) =>
    makeRecord("1", "5", { dataText: '{"credentials":{"hashed_password":"mine"}}', extraText });

  it("keeps everything else, other members and data of that name included", () => {
    const before = record('{"delegates":{"a":1.50},"credentials":{"hashed_password":"$2a$x"}}');
    const after = withoutCredentials(before);
    expect(after).toEqual({ ...before, extraText: '{"delegates":{"a":1.50}}' });
  });

  it("has no extra members when that was the only one", () => {
    const after = withoutCredentials(record('{"credentials":{"password":"p"}}'));
    expect(after).toEqual(record(undefined));
    expect("extraText" in after).toBe(false);
  });

  it("is the same object when there were none", () => {
    for (const extraText of [undefined, '{"a":"credentials"}', '{"a":{"credentials":1}}']) {
      const before = record(extraText);
      expect(withoutCredentials(before)).toBe(before);
    }
  });
});
