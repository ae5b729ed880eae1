import { describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import { fileError } from "../../../src/store/file-error.ts";

const system = (code: string) => Object.assign(new Error(code), { code, syscall: "write" });

describe("an error of the file system", () => {
  it.each(["ENOSPC", "EDQUOT", "EFBIG"])("becomes ERR_DISK_FULL for %s", (code) => {
    expect(fileError(system(code), "write", "/a/b")).toMatchObject({
      code: "ERR_DISK_FULL",
      message: `cannot write: no room left (${code})`,
      place: "/a/b",
      hint: expect.stringContaining("Make room"),
    });
  });

  it.each(["EACCES", "EROFS", "EPERM", "EIO", "ENOENT", "ESOMETHING"])(
    "becomes ERR_FILE_ACCESS with place and hint for %s",
    (code) => {
      const cause = system(code);
      expect(fileError(cause, "read", "/a/b")).toMatchObject({
        code: "ERR_FILE_ACCESS",
        place: "/a/b",
        hint: expect.any(String),
        details: { errno: code, missing: code === "ENOENT" },
        cause,
      });
    },
  );

  it("passes errors that are not the file system's", () => {
    const own = new ArkError("ERR_USAGE", "own");
    const defect = new TypeError("defect");
    expect(fileError(own, "read", "/a")).toBe(own);
    expect(fileError(defect, "read", "/a")).toBe(defect);
  });
});
