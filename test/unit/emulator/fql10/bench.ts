/** A database that is asked in FQL v10, with the rights that the test chooses and a clock that it moves. */
import { Auth } from "../../../../src/emulator/auth/auth.ts";
import type { BuiltinRole } from "../../../../src/emulator/auth/permissions.ts";
import { TransactionAuthSource } from "../../../../src/emulator/auth/roles.ts";
import { Cluster } from "../../../../src/emulator/data/data.ts";
import type { DocRef } from "../../../../src/emulator/data/data.ts";
import type { Format } from "../../../../src/emulator/fql10/fql10.ts";
import { composeLanguages, testPredicate } from "../../../../src/emulator/http/compose.ts";
import { withDeadline } from "../../../../src/emulator/limits/budget.ts";

export const DAY = 86_400_000_000n;
/** When every test begins: 2026-01-01, in µs. */
export const START = 1_767_225_600_000_000n;

export interface Asking {
  readonly format?: Format;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly role?: BuiltinRole;
  /** Names of user-defined roles, instead of a built-in one. */
  readonly roles?: readonly string[];
  readonly identity?: DocRef;
  /** Milliseconds until the query is given up. */
  readonly patience?: number;
}

interface Body {
  readonly data?: unknown;
  readonly summary: string;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly abort?: unknown;
    readonly constraint_failures?: readonly { paths: unknown[]; message: string }[];
  };
}

export class Bench {
  now = START;
  readonly cluster = new Cluster({ now: () => this.now });
  readonly #languages = composeLanguages(this.cluster);

  /** The answer to a query, which is text or the body's `query` as fragments. */
  ask(query: unknown, asking: Asking = {}): { status: number; text: string; body: Body } {
    const { format = "simple", args, patience = 60_000 } = asking;
    const transaction = this.cluster.begin();
    const source = new TransactionAuthSource(transaction, testPredicate);
    const login = { kind: "root" } as const;
    const roles = asking.roles
      ?.map((name) => source.role(name))
      .filter((role) => role !== undefined);
    const auth =
      roles === undefined
        ? Auth.builtin(asking.role ?? "admin", login, source)
        : Auth.roles(roles, login, source, asking.identity);
    const { status, body } = withDeadline(performance.now() + patience, () =>
      this.#languages.v10(
        { transaction, auth },
        JSON.stringify({ query, ...(args && { arguments: args }) }),
        {
          format,
          timeoutMs: patience,
          lastTxnTs: undefined,
          typecheck: undefined,
          performanceHints: false,
          queryTags: undefined,
        },
      ),
    );
    if (status < 400) transaction.commit();
    else transaction.rollback();
    return { status, text: body, body: JSON.parse(body) as Body };
  }

  /** What a query answers. */
  value(query: unknown, asking: Asking = {}): unknown {
    const { status, text, body } = this.ask(query, asking);
    if (status >= 400) throw new Error(text);
    return body.data;
  }

  /** What a query answers, as the text of its JSON. */
  text(query: unknown, asking: Asking = {}): string {
    return JSON.stringify(this.value(query, asking));
  }

  /** Several queries, of which none may fail; the last one's answer. */
  run(...queries: string[]): unknown {
    return queries.map((query) => this.value(query)).at(-1);
  }

  /** How a query fails: `code: message`. */
  error(query: unknown, asking: Asking = {}): string {
    const { code, message } = this.failure(query, asking);
    return `${code}: ${message}`;
  }

  failure(query: unknown, asking: Asking = {}): NonNullable<Body["error"]> {
    const { text, body } = this.ask(query, asking);
    if (body.error === undefined) throw new Error(`It did not fail: ${text}`);
    return body.error;
  }

  summary(query: unknown, asking: Asking = {}): string {
    return this.ask(query, asking).body.summary;
  }

  /** A collection `C` with documents 1, 2, …, 5 whose `n` is ten times their id. */
  withDocuments(): this {
    this.run(
      `Collection.create({ name: "C", indexes: { byN: { terms: [{ field: ".n" }] }, sorted: { values: [{ field: ".n", order: "desc" }] } } })`,
      `[1, 2, 3, 4, 5].forEach(i => C.create({ id: i, n: i * 10 }))`,
    );
    return this;
  }
}
