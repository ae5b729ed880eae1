import { describe, expect, it } from "vitest";
import {
  endStaging,
  pushSchema,
  schemaFiles,
  stagedStatus,
  validateSchema,
} from "../../../src/fauna/fauna.ts";
import { cannedDatabase } from "../../support/canned-database.ts";
import type { CannedRequest, Reply } from "../../support/canned-server.ts";

const refusal = (status: number, message: string): Reply => ({
  status,
  body: JSON.stringify({ error: { message } }),
});

const FILES: Readonly<Record<string, string>> = {
  "main.fsl": "collection A {}\n",
  "ä b.fsl": "// ü\n",
};

/** Shows the files of version 7; `versions` are what the listing says from one read to the next. */
function files(...versions: readonly number[]) {
  let listed = 0;
  return ({ path }: CannedRequest): Reply => {
    const url = new URL(path, "http://x");
    const current = versions[Math.min(listed, versions.length) - 1] ?? versions[0]!;
    if (url.pathname === "/schema/1/files") {
      const version = versions[Math.min(listed++, versions.length - 1)]!;
      const names = Object.keys(FILES).map((filename) => ({ filename }));
      return { body: JSON.stringify({ version, files: names }) };
    }
    if (url.searchParams.get("version") !== String(versions.at(-1) ?? current)) {
      return refusal(409, "Stale schema version provided");
    }
    const name = decodeURIComponent(url.pathname.replace("/schema/1/files/", ""));
    return { body: JSON.stringify({ version: current, content: FILES[name] }) };
  };
}

describe("schemaFiles", () => {
  it("reads every file, whatever its name", async () => {
    await using at = await cannedDatabase(files(7));
    expect(await schemaFiles(at.connection)).toEqual({
      version: 7n,
      files: Object.entries(FILES).map(([filename, content]) => ({ filename, content })),
    });
  });

  it("asks for the staged files when it is told to", async () => {
    await using at = await cannedDatabase(files(7));
    await schemaFiles(at.connection, { staged: true });
    expect(at.server.requests.every(({ path }) => path.includes("staged=true"))).toBe(true);
  });

  it("reads again when the schema changes in between, so that all files are of one version", async () => {
    await using at = await cannedDatabase(files(7, 8, 9));
    expect((await schemaFiles(at.connection)).version).toBe(9n);
  });
});

describe("pushSchema", () => {
  it("sends the files as a form, and says whether what they leave out is deleted", async () => {
    await using at = await cannedDatabase(() => ({ body: '{"version":9}' }));
    const sent = [{ filename: "main.fsl", content: "collection A {}\r\n--fauna-ark-0\n" }];
    expect(await pushSchema(at.connection, sent, { override: false })).toBe(9n);
    const [{ path, headers, body }] = at.server.requests as [CannedRequest];
    expect(path).toBe("/schema/1/update?force=true&override=false");
    const boundary = /boundary=(\S+)/.exec(headers["content-type"]!)![1]!;
    const type = { "content-type": headers["content-type"]! };
    const form = await new Response(body, { headers: type }).formData();
    expect([...form.entries()]).toEqual([["main.fsl", sent[0]!.content]]);
    expect(sent[0]!.content).not.toContain(boundary);
  });

  it("names the version it starts from, and asks to try again when there is a newer one", async () => {
    await using at = await cannedDatabase(() => refusal(409, "Stale schema version provided"));
    await expect(
      pushSchema(at.connection, [], { override: true, version: 7n, staged: true }),
    ).rejects.toMatchObject({
      code: "ERR_TRY_AGAIN",
    });
    expect(at.server.requests.map(({ path }) => path)).toEqual([
      "/schema/1/update?version=7&override=true&staged=true",
    ]);
  });

  it("gives the server's diagnostics as ERR_SCHEMA", async () => {
    await using at = await cannedDatabase(() =>
      refusal(400, "error: Expected `}`\nat main.fsl:1:15"),
    );
    await expect(pushSchema(at.connection, [], { override: true })).rejects.toMatchObject({
      code: "ERR_SCHEMA",
      message: expect.stringContaining("main.fsl:1:15") as string,
    });
  });
});

describe("the rest of /schema/1", () => {
  it("validates without changing anything", async () => {
    await using at = await cannedDatabase(() => ({ body: '{"version":7,"diff":"* Adding"}' }));
    expect(await validateSchema(at.connection, [], { override: true })).toBe("* Adding");
    expect(at.server.requests[0]!.path).toContain("/schema/1/validate?");
  });

  it("tells how far a staged schema is, and ends it", async () => {
    await using at = await cannedDatabase(({ method }) => ({
      body: method === "GET" ? '{"version":7,"status":"pending"}' : '{"version":8}',
    }));
    expect(await stagedStatus(at.connection)).toEqual({ version: 7n, status: "pending" });
    expect(await endStaging(at.connection, "commit")).toBe(8n);
    expect(at.server.requests.at(-1)!.path).toBe("/schema/1/staged/commit?force=true");
  });

  it("understands a v4 error where the path is not known to the server", async () => {
    const body = '{"errors":[{"code":"not found","description":"Not Found"}]}';
    await using at = await cannedDatabase(() => ({ status: 404, body }));
    await expect(schemaFiles(at.connection)).rejects.toMatchObject({ code: "ERR_DATABASE" });
  });
});
