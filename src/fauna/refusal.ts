/** What the database says when it does not do what it was asked, turned into errors of this toolkit. */
import { ArkError, type ErrorCode } from "../errors/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../values/json.ts";
import { parseObject, plainJson, requireJson } from "./answer.ts";
import type { Answer } from "./transport.ts";

/** One complaint of the database, in its own words. */
interface Complaint {
  readonly code: string;
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The database's own code for a refusal ("instance not found", "constraint_failure"); undefined for other errors. */
export function faunaCode(error: unknown): string | undefined {
  const code = error instanceof ArkError ? error.details?.["code"] : undefined;
  return typeof code === "string" ? code : undefined;
}

/** The status of the answer that `error` reports; undefined when there was none. */
export function faunaStatus(error: unknown): number | undefined {
  const status = error instanceof ArkError ? error.details?.["status"] : undefined;
  return typeof status === "number" ? status : undefined;
}

/** Whether the database has FQL v4 switched off (410), so that it has to be read through v10. */
export function isV4Disabled(error: unknown): boolean {
  return faunaStatus(error) === 410;
}

/** The error of a v4 answer, `{"errors":[{position, code, description, failures}]}`. */
export function v4Refusal(answer: Answer, place: string, cause?: unknown): ArkError {
  const errors = refusalBody(answer, place).get("errors");
  const all = Array.isArray(errors) ? errors.filter(isJsonObject) : [];
  const first: JsonObject = all[0] ?? new Map();
  const complaint = {
    code: text(first.get("code")) ?? "unknown",
    text: text(first.get("description")) ?? `The database answers ${answer.status}.`,
    details: {
      position: plainJson(first.get("position")),
      failures: plainJson(first.get("failures")),
      ...(all.length > 1 ? { errors: all.map(plainJson) } : {}),
    },
  };
  return refusal(answer, place, complaint, cause);
}

/** The error of a v10 answer, `{"error":{code, message, constraint_failures, abort}, summary}`. */
export function v10Refusal(answer: Answer, place: string, cause?: unknown): ArkError {
  const body = refusalBody(answer, place);
  // Whoever answers before the query is looked at does so in v4's form.
  if (body.has("errors")) return v4Refusal(answer, place, cause);
  const error = body.get("error");
  const inner: JsonObject = isJsonObject(error) ? error : new Map();
  const summary = text(body.get("summary"));
  return refusal(
    answer,
    place,
    {
      code: text(inner.get("code")) ?? "unknown",
      text: text(inner.get("message")) ?? `The database answers ${answer.status}.`,
      details: {
        constraintFailures: plainJson(inner.get("constraint_failures")),
        abort: plainJson(inner.get("abort")),
        summary: summary === "" ? undefined : summary,
      },
    },
    cause,
  );
}

/** The error of a schema answer, `{"error":{message}}`. */
export function schemaRefusal(answer: Answer, place: string): ArkError {
  const body = refusalBody(answer, place);
  // A path that the schema endpoint does not know is answered in v4's form.
  if (body.has("errors")) return v4Refusal(answer, place);
  const error = body.get("error");
  const inner: JsonObject = isJsonObject(error) ? error : new Map();
  const message = text(inner.get("message")) ?? `The database answers ${answer.status}.`;
  if (answer.status === 409) {
    return new ArkError("ERR_TRY_AGAIN", "The schema has been changed by someone else meanwhile.", {
      place,
      hint: "Run again; it starts from the schema as it is then.",
      details: { status: 409, code: "stale_schema", description: message },
    });
  }
  const complaint = {
    code: text(inner.get("code")) ?? "invalid_schema",
    text: message,
    details: {},
  };
  return refusal(answer, place, complaint, undefined, "ERR_SCHEMA");
}

function refusalBody(answer: Answer, place: string): JsonObject {
  requireJson(answer, place);
  return parseObject(answer.text, place);
}

function refusal(
  { status }: Answer,
  place: string,
  complaint: Complaint,
  cause?: unknown,
  otherwise: ErrorCode = "ERR_DATABASE",
): ArkError {
  const expired = expiry(complaint.text);
  const { code, message, hint } =
    expired === undefined ? kind(status, complaint, otherwise) : EXPIRED;
  const details = {
    status,
    code: complaint.code,
    description: complaint.text,
    ...complaint.details,
    ...expired,
  };
  return new ArkError(code, message, {
    place,
    hint,
    ...(cause === undefined ? {} : { cause }),
    details: Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)),
  });
}

const EXPIRED = {
  code: "ERR_SNAPSHOT_EXPIRED" as const,
  message: "The database can no longer be read at the snapshot time.",
  hint: "Start again, or first raise history_days of the collections: the window is 15 minutes plus history_days.",
};

/** The two times of a read before the history window (live 4), in both protocols. */
function expiry(description: string): { requested: string; oldest: string } | undefined {
  const match = /Requested timestamp (\S+) less than minimum allowed timestamp (\S+?)\.?$/.exec(
    description,
  );
  return match === null ? undefined : { requested: match[1]!, oldest: match[2]! };
}

interface Kind {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

function kind(status: number, { code, text: description }: Complaint, otherwise: ErrorCode): Kind {
  switch (status) {
    case 401:
      return {
        code: "ERR_UNAUTHORIZED",
        message: "The secret is not valid here.",
        hint: "Check the secret, the endpoint, and the database path and role in its scope.",
      };
    case 403:
      return { code: "ERR_FORBIDDEN", message: `Not allowed: ${description}`, hint: ADMIN };
    case 410:
      return {
        code: "ERR_DATABASE",
        message: `Switched off in this database: ${description}`,
        hint: "Where FQL v4 is switched off, documents can only be read and written through v10.",
      };
    case 409:
    case 429:
    case 440:
    case 502:
    case 503:
    case 504:
      return {
        code: "ERR_TRY_AGAIN",
        message: `The database asks to try again (${status} ${code}): ${description}`,
        hint: "Try again later, with fewer requests at once or a longer timeout.",
      };
    default:
      if (code === "permission denied" || code === "permission_denied") {
        return { code: "ERR_FORBIDDEN", message: `Not allowed: ${description}`, hint: ADMIN };
      }
      return { code: otherwise, message: `${description} (${code})` };
  }
}

const ADMIN = "Use an admin secret: server secrets cannot see roles, keys and child databases.";

function text(json: Json | undefined): string | undefined {
  return typeof json === "string" ? json : undefined;
}
