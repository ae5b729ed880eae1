import { describe, expect, it } from "vitest";
import { cutPage, cutRefPage, cutTextPage } from "../../../src/values/page.ts";

const noPage = expect.objectContaining({ code: "ERR_PROTOCOL" });

const refText = (id: string, collection = "C") =>
  `{"@ref":{"id":"${id}","collection":{"@ref":{"id":"${collection}","collection":{"@ref":{"id":"collections"}}}}}}`;

const document = (id: string) => `{"ref":${refText(id)},"ts":5,"data":{"s":"]}\\","}}`;

describe("cutting a page", () => {
  it("takes its members in any order and keeps cursors as text", () => {
    const data = `"data":[${document("1")},${document("2")}]`;
    const after = `"after":[9007199254740993,${refText("3")}]`;
    for (const members of [`${after},${data}`, `${data},${after}`, `"x":[{}],${data},${after}`]) {
      const page = cutPage(`{"resource":{${members}}}`);
      expect(page.items.map(({ record }) => record.id)).toEqual(["1", "2"]);
      expect(page.after).toBe(`[9007199254740993,${refText("3")}]`);
    }
  });

  it("has no cursor on the last page, and may be empty", () => {
    expect(cutPage('{"resource":{"data":[]}}')).toEqual({ items: [], gone: 0 });
  });

  it("reads every ref for itself, whatever the one before it was", () => {
    const role = '{"@ref":{"id":"9","collection":{"@ref":{"id":"roles"}}}}';
    const refs = [refText("1"), refText("2", "D"), refText("3", "D"), refText("4"), refText("5")];
    expect(cutRefPage(`{"resource":{"data":[${refs.join(",")}]}}`).items).toEqual([
      { collection: "C", id: "1" },
      { collection: "D", id: "2" },
      { collection: "D", id: "3" },
      { collection: "C", id: "4" },
      { collection: "C", id: "5" },
    ]);
    const scoped = refText("6").replace("}}}}}}", '}}}},"database":{"@ref":{"id":"d"}}}}');
    for (const odd of [role, refText('1\\"'), refText("x"), scoped, refText("7").slice(0, -1)]) {
      expect(
        () => cutPage(`{"resource":{"data":[{"ref":${refs[0]},"ts":1},{"ref":${odd},"ts":1}]}}`),
        odd,
      ).toThrow(noPage);
    }
  });

  it("counts documents that were listed but are gone", () => {
    expect(cutPage(`{"resource":{"data":[null,${document("1")},null]}}`)).toMatchObject({
      gone: 2,
    });
  });

  it("reads pages of refs, and of anything", () => {
    expect(cutRefPage(`{"resource":{"data":[${refText("7")}]}}`).items).toEqual([
      { collection: "C", id: "7" },
    ]);
    expect(cutTextPage('{"resource":{"data":[1.0,"x"]}}').items).toEqual(["1.0", '"x"']);
  });

  it.each([
    ["an HTML page", "<html>"],
    ["an empty answer", ""],
    ["an error", '{"errors":[]}'],
    ["no array", '{"resource":{"data":{}}}'],
    ["another shape", '{"resource":5}'],
    ["a second answer behind it", '{"resource":{"data":[]}}{"resource":{"data":[]}}'],
    ["a number that is none", '{"resource":{"data":[],"x":1.}}'],
  ])("refuses %s", (_what, answer) => {
    expect(() => cutPage(answer)).toThrow(noPage);
  });

  it("says where the page breaks off", () => {
    const whole = `{"resource":{"data":[${document("1")}]}}`;
    expect(() => cutPage(whole.slice(0, -3))).toThrow(
      expect.objectContaining({ details: { offset: whole.length - 3, length: whole.length - 3 } }),
    );
  });
});
