import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseMultipart } from "../../../../src/emulator/http/multipart.ts";

async function encoded(parts: readonly (readonly [string, string])[]): Promise<[string, Buffer]> {
  const form = new FormData();
  for (const [name, content] of parts) form.append(name, content);
  const response = new Response(form);
  return [response.headers.get("content-type") ?? "", Buffer.from(await response.arrayBuffer())];
}

test("what FormData writes is read back", async () => {
  const name = fc.string({ minLength: 1 }).filter((text) => !/[\r\n%\\]/.test(text));
  // FormData itself turns every kind of line end into CRLF.
  const content = fc
    .string({ unit: "grapheme" })
    .map((text) => text.replaceAll(/\r\n?|\n/g, "\r\n"));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, content), { minLength: 1 }), async (parts) => {
      const [type, body] = await encoded(parts);
      expect(parseMultipart(type, body)).toEqual(parts.map(([n, c]) => ({ name: n, content: c })));
    }),
  );
});

test("plain line feeds survive", () => {
  const body = '--b\r\nContent-Disposition: form-data; name="main.fsl"\r\n\r\na\nb\n\r\n--b--\r\n';
  expect(parseMultipart("multipart/form-data; boundary=b", Buffer.from(body))).toEqual([
    { name: "main.fsl", content: "a\nb\n" },
  ]);
});

test("a type without a boundary is told apart; a broken body just has no parts", () => {
  expect(parseMultipart("multipart/form-data", Buffer.from("x"))).toBeUndefined();
  for (const body of [
    "",
    "x",
    "--b\nbroken",
    "--b\r\n\r\nx",
    '--b\r\nname="a"\r\n\r\nx\r\n--b--',
  ]) {
    expect(parseMultipart("multipart/form-data; boundary=b", Buffer.from(body))).toEqual([]);
  }
});
