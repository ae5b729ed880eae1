import { describe, expect, it } from "vitest";
import { ArkError } from "../../../src/errors/errors.ts";
import type { CollectionAtSnapshot } from "../../../src/export/schema.ts";
import { explainExpired } from "../../../src/export/window.ts";

const ENDPOINT = "http://127.0.0.1:8443";
const expired = new ArkError("ERR_SNAPSHOT_EXPIRED", "gone", { place: ENDPOINT });

const collection = (name: string, historyDays: number | null): CollectionAtSnapshot => ({
  name,
  historyDays,
  ttlDays: null,
  definition: { kind: "collections", name, madeBy: "v4", v4: undefined, v10: undefined },
});

const far = { documents: 25, total: 100, collectionsDone: 1, collections: 3, seconds: 3600 };

const explained = (collections: CollectionAtSnapshot[], howFar = far) =>
  explainExpired(expired, collections, howFar, ENDPOINT) as ArkError;

describe("an export whose history ran out", () => {
  it("says how far it came", () => {
    expect(explained([collection("a", 0)]).message).toContain(
      "25 of 100 documents (25 %) and 1 of 3 collections were done after 3600 s",
    );
  });

  it("names just the collections whose window is too short", () => {
    const { details } = explained([collection("a", 0), collection("b", 30), collection("c", null)]);
    expect(details).toMatchObject({
      historyDays: 1,
      command: `fauna query --url ${ENDPOINT} '["a"].forEach(name => Collection.byName(name)!.update({ history_days: 1 }))'`,
    });
  });

  it("asks for twice the time that the whole would have taken, in days", () => {
    const slow = { ...far, documents: 1, seconds: 86_400 };
    expect(explained([collection("a", 0)], slow).details).toMatchObject({ historyDays: 200 });
  });

  it("keeps names with quotes in one argument of the shell", () => {
    const { details } = explained([collection("it's", 0)]);
    expect(details!["command"]).toContain(String.raw`["it'\''s"]`);
  });

  it("is the only error that is explained so", () => {
    const other = new ArkError("ERR_DATABASE", "something else");
    expect(explainExpired(other, [], far, ENDPOINT)).toBe(other);
  });
});
