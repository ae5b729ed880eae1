import { ArkError } from "../errors/errors.ts";
import { isJsonObject, JsonNumber, parseJson, type Json, type JsonObject } from "../values/json.ts";
import { skipValue, walkObject, walkWhole } from "../values/scan.ts";
import type { Answer } from "./transport.ts";

/** How much of an answer that cannot be understood is shown. */
const SHOWN = 160;

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Checks that an answer is one JSON object, as everything that Fauna says is.
 * @throws ArkError ERR_ENDPOINT when something else answers (a web page), ERR_TRY_AGAIN when a gateway does, and
 * ERR_PROTOCOL for anything else that is not JSON, an empty or cut off body included.
 */
export function requireJson(answer: Answer, place: string): void {
  // Most answers are seen to be one by their bytes, and the text of large ones is never made.
  if (answer.body?.[0] === OPEN_BRACE && answer.body.at(-1) === CLOSE_BRACE) return;
  const text = answer.text.trim();
  if (text.startsWith("{") && text.endsWith("}")) return;
  const details = { status: answer.status, begins: text.slice(0, SHOWN) };
  const shown = text === "" ? "an empty body" : JSON.stringify(text.slice(0, SHOWN));
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) {
    throw new ArkError(
      "ERR_TRY_AGAIN",
      `A gateway answers ${answer.status} in the database's place.`,
      {
        place,
        details: { ...details, ambiguous: true },
        hint: "Try again when the database behind it is up.",
      },
    );
  }
  if (/^\s*(<!doctype|<html|<head|<body|<\?xml)/i.test(text)) {
    throw new ArkError("ERR_ENDPOINT", `What answers is not Fauna but a web page: ${shown}.`, {
      place,
      details,
      hint: "Check the endpoint; a proxy or login page may stand before the database.",
    });
  }
  const cut = text.startsWith("{");
  throw new ArkError(
    "ERR_PROTOCOL",
    cut
      ? `The answer breaks off after ${answer.text.length} characters: ${shown}.`
      : `The answer (status ${answer.status}) is not JSON: ${shown}.`,
    {
      place,
      details,
      hint: "Check that the endpoint is a Fauna, and what stands between it and you.",
    },
  );
}

/**
 * The texts of an answer's top-level members, without looking inside them.
 * @throws ArkError ERR_PROTOCOL when the answer is not a whole JSON object.
 */
export function cutMembers(text: string, place: string): Map<string, string> {
  const members = new Map<string, string>();
  try {
    walkWhole(text, (start) =>
      walkObject(text, start, (name, at) => {
        const end = skipValue(text, at);
        if (!members.has(name)) members.set(name, text.slice(at, end));
        return end;
      }),
    );
  } catch (error) {
    throw notJson(error, place);
  }
  return members;
}

/** An answer small enough to be taken apart whole. @throws ArkError ERR_PROTOCOL when it is not an object. */
export function parseObject(text: string, place: string): JsonObject {
  let json: Json;
  try {
    json = parseJson(text);
  } catch (error) {
    throw notJson(error, place);
  }
  if (isJsonObject(json)) return json;
  throw new ArkError("ERR_PROTOCOL", "The answer is not an object.", { place });
}

function notJson(cause: unknown, place: string): ArkError {
  const why = cause instanceof Error ? cause.message : "";
  return new ArkError("ERR_PROTOCOL", `The answer is not whole JSON. ${why}`.trim(), {
    place,
    cause,
  });
}

/** A member that must be an integer. @throws ArkError ERR_PROTOCOL when it is not. */
export function integerOf(json: Json | undefined, name: string, place: string): bigint {
  if (json instanceof JsonNumber && /^-?\d+$/.test(json.text)) return BigInt(json.text);
  throw new ArkError("ERR_PROTOCOL", `The answer has no integer "${name}".`, { place });
}

/** A member that must be a string. @throws ArkError ERR_PROTOCOL when it is not. */
export function stringOf(json: Json | undefined, name: string, place: string): string {
  if (typeof json === "string") return json;
  throw new ArkError("ERR_PROTOCOL", `The answer has no text "${name}".`, { place });
}

/** JSON as plain JavaScript, for an error's details: numbers as their text when they would be rounded. */
export function plainJson(json: Json | undefined): unknown {
  if (json === undefined || json === null || typeof json !== "object") return json;
  if (json instanceof JsonNumber) {
    const number = Number(json.text);
    return Number.isSafeInteger(number) ? number : json.text;
  }
  if (Array.isArray(json)) return json.map(plainJson);
  return Object.fromEntries([...json].map(([key, value]) => [key, plainJson(value)]));
}
