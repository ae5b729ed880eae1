import { describe, expect, it } from "vitest";
import {
  displayLambda,
  displaySource,
  displayStoredLambda,
} from "../../../../src/emulator/schema/display.ts";

describe("FQL in Fauna's own layout", () => {
  it.each([
    ["1+2*3", "1 + 2 * 3"],
    ["-x", "-x"],
    ["f( a,b )[0]!?.c?.( 1 )", "f(a, b)[0]!?.c?.(1)"],
    ["{a:1,'b c':{}}", '{\n  a: 1,\n  "b c": {\n  }\n}'],
    ["if(a) b else c", "if (a) b else c"],
    ["at(t){ let x:Array< Int >=5;x }", "at (t) {\n  let x: Array<Int> = 5\n  x\n}"],
    ["'it''s'".replace("''", "\\'"), '"it\'s"'],
    ['"a#{b+1}\\n"', '"a#{b + 1}\\n"'],
    ["xs.map(.name)", "xs.map(.name)"],
    ["(_,...rest)=>rest", "(_, ...rest) => rest"],
    ["a??b||c&&d", "a ?? b || c && d"],
    ["0.5", "0.5"],
  ])("prints %j as %j", (source, printed) => {
    expect(displaySource(source)).toBe(printed);
    expect(displaySource(printed)).toBe(printed);
  });

  it("keeps parentheses around short lambdas where they are stored", () => {
    expect(displayStoredLambda("(.a == 1)")).toBe("(.a == 1)");
    expect(displayLambda("(.a == 1)")).toBe(".a == 1");
    expect(displayStoredLambda("x=>x")).toBe("(x) => x");
  });
});
