import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const answer = (query: string): string => new Bench().resource(query);

describe("regular expressions are Java's", () => {
  it.each([
    [String.raw`{"containsstrregex":"a.b","pattern":{"regexescape":"."}}`, "true"],
    [String.raw`{"containsstrregex":"axb","pattern":{"regexescape":"."}}`, "false"],
    [String.raw`{"containsstrregex":"","pattern":{"regexescape":""}}`, "true"],
    [String.raw`{"containsstrregex":"a+b","pattern":"\\Qa+b"}`, "true"],
    [String.raw`{"containsstrregex":"x{y","pattern":"[{]y"}`, "true"],
    [String.raw`{"containsstrregex":"aaa","pattern":"^a{2,3}$"}`, "true"],
    [String.raw`{"containsstrregex":"AB","pattern":"(?i)ab"}`, "true"],
    [String.raw`{"containsstrregex":"aaa","pattern":"^a++$"}`, "true"],
  ])("%s is %s", (query, text) => {
    expect(answer(query)).toBe(text);
  });

  it("a brace that repeats nothing is refused", () => {
    expect(() => answer('{"containsstrregex":"","pattern":"{"}')).toThrow(
      "Search pattern /{/ is not a valid regular expression.",
    );
  });
});

describe("text", () => {
  it("is folded as Unicode folds it", () => {
    expect(answer('{"casefold":"ΦΙΛΌΣΟΦΟς Weiß"}')).toBe('"φιλόσοφοσ weiss"');
  });

  it("is not formatted by what is no conversion, or by flags that it does not know", () => {
    expect(() => answer('{"format":"%Z","values":""}')).toThrow("Invalid conversion format '%Z'.");
    expect(() => answer('{"format":"% s","values":""}')).toThrow(
      "Invalid conversion format '% s'.",
    );
  });
});

describe("numbers and times", () => {
  it("a hypotenuse with one side has two of it", () => {
    expect(Number(answer('{"hypot":3.0}'))).toBeCloseTo(4.242640687);
  });

  it("units that dates do not have are named as they were written", () => {
    const date = '{"@date":"1970-01-01"}';
    expect(() => answer(`{"time_diff":${date},"other":${date},"unit":"half days"}`)).toThrow(
      "Invalid time unit 'half days'.",
    );
  });
});
