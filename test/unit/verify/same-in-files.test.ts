import { describe, expect, it } from "vitest";
import { saidInFiles, withoutSpelling } from "../../../src/verify/same-in-files.ts";

const files = (content: string) => saidInFiles(new Map([["main.fsl", content]]));
const ORDER = "collection Order {\n  total: Number\n  index byTotal { terms [.total] }\n}\n";

describe("a definition that is spelled otherwise", () => {
  const order = {
    kind: "collections",
    name: "Order",
    members: ["indexes", "data"],
    madeBy: ["v10"],
  } as const;

  it("is the same where both sides' schema files say the same of it", () => {
    expect(withoutSpelling(order, files(ORDER), files(ORDER))).toEqual(["data"]);
  });

  it("is the same in whichever file and layout that is said", () => {
    const other = `// another file\nfunction f() { 1 }\n${ORDER.replaceAll("\n", "\n  ")}`;
    expect(withoutSpelling(order, files(ORDER), files(other))).toEqual(["data"]);
  });

  it("differs where the files say otherwise, or one says nothing", () => {
    const changed = ORDER.replace("[.total]", "[.status]");
    expect(withoutSpelling(order, files(ORDER), files(changed))).toEqual(["indexes", "data"]);
    expect(withoutSpelling(order, files(ORDER), files(""))).toEqual(["indexes", "data"]);
    expect(withoutSpelling(order, files(""), files(""))).toEqual(["indexes", "data"]);
  });

  it("is not taken for one of another kind with the same name", () => {
    const functions = {
      kind: "functions",
      name: "Order",
      members: ["body"],
      madeBy: ["v10"],
    } as const;
    expect(withoutSpelling(functions, files(ORDER), files(ORDER))).toEqual(["body"]);
  });

  it("differs in what schema files cannot say", () => {
    const index = { kind: "indexes", name: "Order", members: ["terms"], madeBy: ["v4"] } as const;
    expect(withoutSpelling(index, files(ORDER), files(ORDER))).toEqual(["terms"]);
  });

  it("differs when it is an access provider of v4's, of which the files do not tell all", () => {
    const login = `access provider login {\n  issuer "i"\n  jwks_uri "https://j.example"\n}\n`;
    const provider = { kind: "access_providers", name: "login", members: ["roles"] } as const;
    const said = files(login);
    expect(withoutSpelling({ ...provider, madeBy: ["v10", "v4"] }, said, said)).toEqual(["roles"]);
    expect(withoutSpelling({ ...provider, madeBy: ["v10"] }, said, said)).toEqual([]);
  });
});
