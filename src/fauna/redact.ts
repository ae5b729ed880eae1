import { isDeepStrictEqual } from "node:util";
import { ArkError } from "../errors/errors.ts";

/** A text without the secrets it may have held. */
export type Redact = (text: string) => string;

/** Fauna's own keys and tokens: url-safe base64 that begins with `fn`, whatever follows as scope. */
const FAUNA_KEY = /\bfn[A-Za-z0-9_-]{36,}(?::[^\s"'<>]*)?/g;
const BEARER = /\b(Bearer|Basic)\s+[^\s"'<>,]+/gi;
const HIDDEN = "***";

/**
 * Below this length a secret is hidden only behind `Bearer` and in its scoped forms: the dev container's
 * root secret is the word "secret", and hiding every such word would only make messages unreadable.
 */
const SHORTEST_BARE = 8;

/** Hides the given secrets in all their forms: bare, scoped (`secret:db:role`), Bearer, Basic, percent-encoded. */
export function redactor(secrets: readonly string[]): Redact {
  const patterns = secrets.filter((secret) => secret !== "").flatMap(formsOf);
  return (text) =>
    patterns
      .reduce((done, pattern) => done.replace(pattern, HIDDEN), text)
      .replace(BEARER, `$1 ${HIDDEN}`)
      .replace(FAUNA_KEY, HIDDEN);
}

function formsOf(secret: string): RegExp[] {
  const forms = new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  const patterns = [...forms].map((form) => {
    const scope =
      form.length < SHORTEST_BARE ? "(?::|%3A)[^\\s\"'<>]+" : "(?:(?::|%3A)[^\\s\"'<>]*)?";
    return new RegExp(boundary(escape(form)) + scope, "g");
  });
  const basic = Buffer.from(`${secret}:`).toString("base64").replace(/=+$/, "");
  return [...patterns, new RegExp(`${escape(basic)}=*`, "g")];
}

/** A short secret counts only as a word of its own. */
function boundary(pattern: string): string {
  return `(?<![A-Za-z0-9_])${pattern}`;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/**
 * The same error without secrets: message, place, hint, details, stack and every cause. An error of ours that holds
 * none comes back as it is.
 */
export function scrub(error: unknown, redact: Redact): unknown {
  return scrubbed(error, redact, 0);
}

function scrubbed(error: unknown, redact: Redact, depth: number): unknown {
  if (!(error instanceof Error)) return scrubbedValue(error, redact, 0);
  if (depth > MAX_DEPTH) return undefined;
  const cause = scrubbed(error.cause, redact, depth + 1);
  const clean = error instanceof ArkError ? own(error, redact, cause) : plain(error, redact, cause);
  if (clean !== error && error.stack !== undefined) clean.stack = redact(error.stack);
  return clean;
}

/** Deeper causes and details are left out rather than looked through. */
const MAX_DEPTH = 8;

function own(error: ArkError, redact: Redact, cause: unknown): ArkError {
  const message = redact(error.message);
  const place = error.place === undefined ? undefined : redact(error.place);
  const hint = error.hint === undefined ? undefined : redact(error.hint);
  const details = scrubbedValue(error.details, redact, 0) as ArkError["details"];
  const same =
    isDeepStrictEqual(
      [message, place, hint, details],
      [error.message, error.place, error.hint, error.details],
    ) &&
    cause === error.cause &&
    redact(error.stack ?? "") === (error.stack ?? "");
  if (same) return error;
  return new ArkError(error.code, message, {
    ...(cause === undefined ? {} : { cause }),
    place,
    hint,
    details,
  });
}

/** Foreign errors can carry whole requests with their headers: of them only name, code and message stay. */
function plain(error: Error, redact: Redact, cause: unknown): Error {
  const copy = new Error(redact(error.message), cause === undefined ? undefined : { cause });
  copy.name = error.name;
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? Object.assign(copy, { code: redact(code) }) : copy;
}

function scrubbedValue(value: unknown, redact: Redact, depth: number): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return value.map((item) => scrubbedValue(item, redact, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, scrubbedValue(item, redact, depth + 1)]),
  );
}
