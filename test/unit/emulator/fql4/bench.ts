/** A database that is asked in FQL v4, with the rights that the test chooses and a clock that it moves. */
import { Auth } from "../../../../src/emulator/auth/auth.ts";
import type { BuiltinRole } from "../../../../src/emulator/auth/permissions.ts";
import { TransactionAuthSource } from "../../../../src/emulator/auth/roles.ts";
import { Cluster } from "../../../../src/emulator/data/data.ts";
import type { DocRef, StoredLambda } from "../../../../src/emulator/data/data.ts";
import {
  evaluateV4,
  type Neighbours,
  testV4Predicate,
} from "../../../../src/emulator/fql4/fql4.ts";
import type { ApiVersion } from "../../../../src/emulator/fql4/version.ts";
import { withDeadline } from "../../../../src/emulator/limits/budget.ts";

export const DAY = 86_400_000_000n;
/** When every test begins: 2026-01-01, in µs. */
export const START = 1_767_225_600_000_000n;

export interface Asking {
  readonly version?: ApiVersion;
  readonly role?: BuiltinRole;
  /** Names of user-defined roles, instead of a built-in one. */
  readonly roles?: readonly string[];
  readonly identity?: DocRef;
  readonly readOnly?: boolean;
  /** Milliseconds until the query is given up. */
  readonly patience?: number;
  readonly neighbours?: Neighbours;
  /** Name of a child database to ask, instead of the root. */
  readonly child?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export class Bench {
  now = START;
  readonly cluster = new Cluster({ now: () => this.now });

  /** The answer to a query, given as JSON text or as what `JSON.stringify` makes JSON of. */
  ask(query: unknown, asking: Asking = {}): Answer {
    const { version = "4", readOnly, patience = 60_000, neighbours, child } = asking;
    const text = typeof query === "string" ? query : JSON.stringify(query);
    const database = child === undefined ? undefined : this.cluster.root.childNamed(child);
    const transaction = this.cluster.begin(database);
    const auth = this.#auth(transaction, asking);
    const outcome = withDeadline(performance.now() + patience, () =>
      evaluateV4({ transaction, auth, ...(neighbours && { neighbours }) }, text, {
        version,
        readOnly,
      }),
    );
    if (outcome.status < 400) transaction.commit();
    else transaction.rollback();
    return { status: outcome.status, body: outcome.body };
  }

  /** The text of the resource, with references to documents and definitions as `coll:id` and `kind:name`. */
  resource(query: unknown, asking: Asking = {}): string {
    const { status, body } = this.ask(query, asking);
    if (status >= 400) throw new Error(`${status} ${body}`);
    return short(body.slice('{"resource":'.length, -1));
  }

  /** The errors of a query that fails: `status`, then each error's position, code and description. */
  errors(query: unknown, asking: Asking = {}): unknown[] {
    const { status, body } = this.ask(query, asking);
    if (status < 400) throw new Error(`It did not fail: ${body}`);
    const { errors } = JSON.parse(body) as {
      errors: { position?: unknown[]; code: string; description: string }[];
    };
    return [
      status,
      ...errors.map(({ position, code, description }) => [position?.join("/"), code, description]),
    ];
  }

  /** Collections `c` and `d`, and documents 10, 20, 30, 40 and 50 in `c` with their number in `n`. */
  withDocuments(): this {
    this.resource({ do: [collection("c"), collection("d")] });
    for (const id of [10, 20, 30, 40, 50]) {
      this.resource({
        create: { ref: { collection: "c" }, id },
        params: { quote: { data: { n: id } } },
      });
    }
    return this;
  }

  #auth(transaction: Parameters<typeof testV4Predicate>[0], asking: Asking): Auth {
    const source = new TransactionAuthSource(
      transaction,
      (within, predicate, action, subject, auth) =>
        testV4Predicate(within, predicate as StoredLambda, action, subject, auth),
    );
    const login = { kind: "root" } as const;
    if (asking.roles === undefined) return Auth.builtin(asking.role ?? "admin", login, source);
    const roles = asking.roles
      .map((name) => source.role(name))
      .filter((role) => role !== undefined);
    return Auth.roles(roles, login, source, asking.identity);
  }
}

/** A query that makes a collection. */
export function collection(name: string, options: object = {}): object {
  return { create_collection: { object: { name, ...options } } };
}

/** A query that makes a definition. */
export function make(kind: string, fields: object): object {
  return { [`create_${kind}`]: { object: fields } };
}

/** A query that is a function. */
export function lambda(params: unknown, expr: unknown): object {
  return { query: { lambda: params, expr } };
}

/** A query for a document of `c`. */
export function doc(id: number | string, name = "c"): object {
  return { ref: { collection: name }, id: String(id) };
}

const DOCUMENT =
  /\{"@ref":\{"id":"([^"]*)","collection":\{"@ref":\{"id":"([^"]*)","collection":\{"@ref":\{"id":"collections"\}\}\}\}\}\}/g;
const DEFINITION = /\{"@ref":\{"id":"([^"]*)","collection":\{"@ref":\{"id":"([a-z_]+)"\}\}\}\}/g;
const NATIVE = /\{"@ref":\{"id":"([a-z_]+)"\}\}/g;

/** Text with references written short. */
function short(text: string): string {
  return text
    .replaceAll(DOCUMENT, "$2:$1")
    .replaceAll(DEFINITION, "$2:$1")
    .replaceAll(NATIVE, "$1()");
}

/** What is wrong with the fields of a definition that is refused. */
export function failures(bench: Bench, query: object): string[] {
  const { body } = bench.ask(query);
  const { errors } = JSON.parse(body) as {
    errors: { failures?: { field: string[]; code: string }[]; code: string }[];
  };
  return errors.flatMap(({ code, failures: fields }) =>
    fields ? fields.map((failure) => `${failure.field.join("/")}: ${failure.code}`) : [code],
  );
}
