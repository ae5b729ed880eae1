import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  checkHash,
  hashPassword,
  matchesSecret,
  newKeySecret,
  newTokenSecret,
  parseSecret,
} from "../../../../src/emulator/auth/secret.ts";

const ids = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

test("a key's secret tells its id and matches its own hash only", () => {
  fc.assert(
    fc.property(ids, (id) => {
      const { secret, hash } = newKeySecret(id);
      const parsed = parseSecret(secret);
      expect(secret).toMatch(/^fn[A-Za-z0-9_-]{38}$/);
      expect(hash).toMatch(/^\$2a\$05\$/);
      expect(parsed).toMatchObject({ kind: "key", id });
      expect(parsed && matchesSecret(parsed, hash)).toBe(true);
      expect(parsed && matchesSecret(parsed, newKeySecret(id).hash)).toBe(false);
    }),
    { numRuns: 10 },
  );
});

test("a token's secret tells its id and its database", () => {
  fc.assert(
    fc.property(ids, ids, (id, globalId) => {
      expect(parseSecret(newTokenSecret(id, globalId).secret)).toMatchObject({
        kind: "token",
        id,
        globalId,
      });
    }),
    { numRuns: 10 },
  );
});

test("what is no secret is not taken for one", () => {
  for (const text of ["", "secret", "nonsense", "fn", "fnAE", "fnAE__!", "a.b.c"]) {
    expect(parseSecret(text)).toBeUndefined();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => parseSecret(text)).not.toThrow();
    }),
  );
});

test("a hash recorded from a Fauna node accepts its password", () => {
  const hash = "$2a$05$zKPMUGlYcRa/rrmjCnWnkOBGCIZ1kI3DA1rJUAu4pkhO8AO98ZzYm";
  expect(checkHash("wrong", hash)).toBe(false);
  expect(checkHash("anything", "not a hash")).toBe(false);
  const own = hashPassword("pä$$word");
  expect(checkHash("pä$$word", own)).toBe(true);
  expect(checkHash("pä$$word", own)).toBe(true);
  expect(checkHash("passwort", own)).toBe(false);
});

test("a hash that would take days to check matches nothing, at once", () => {
  expect(checkHash("anything", `$2a$31$${"a".repeat(53)}`)).toBe(false);
});
