/** From the paths below `/schema/1` to the operations of the schema. */
import { type FslKind } from "../../fsl/fsl.ts";
import { printJson, type JsonObject } from "../../values/json.ts";
import type { Auth } from "../auth/auth.ts";
import type { Transaction } from "../data/transaction.ts";
import { SchemaRefusal } from "./failure.ts";
import {
  abandonSchema,
  addItem,
  commitSchema,
  deleteItem,
  getFile,
  getItem,
  ITEM_KINDS,
  listFiles,
  replaceItem,
  type SchemaParameters,
  schemaParameters,
  statusOfStaged,
  updateFiles,
  validateFiles,
} from "./schema.ts";

/** A request below `/schema/1`. */
export interface SchemaCall {
  readonly method: string;
  /** Decoded segments behind `/schema/1`. */
  readonly path: readonly string[];
  readonly params: URLSearchParams;
  /** Parts of a multipart body. */
  readonly files: readonly { readonly name: string; readonly content: string }[] | undefined;
  readonly body: string;
}

interface Call {
  readonly transaction: Transaction;
  readonly parameters: SchemaParameters;
  readonly files: readonly { readonly filename: string; readonly content: string }[];
  readonly body: string;
}

/** What a path answers, by method. Writing needs the right to. */
interface Route {
  readonly reads?: Readonly<Record<string, (call: Call) => JsonObject>>;
  readonly writes?: Readonly<Record<string, (call: Call) => JsonObject>>;
}

const VALIDATE: Route = {
  reads: {
    POST: ({ transaction, files, parameters }) => validateFiles(transaction, files, parameters),
  },
};
const STATUS: Route = {
  reads: { GET: ({ transaction, parameters }) => statusOfStaged(transaction, parameters) },
};
const COMMIT: Route = {
  writes: { POST: ({ transaction, parameters }) => commitSchema(transaction, parameters) },
};
const ABANDON: Route = {
  writes: { POST: ({ transaction, parameters }) => abandonSchema(transaction, parameters) },
};

const ROUTES: ReadonlyMap<string, Route> = new Map([
  [
    "files",
    { reads: { GET: ({ transaction, parameters }: Call) => listFiles(transaction, parameters) } },
  ],
  [
    "update",
    {
      writes: {
        POST: ({ transaction, files, parameters }: Call) =>
          updateFiles(transaction, files, parameters),
      },
    },
  ],
  ["validate", VALIDATE],
  ["diff", VALIDATE],
  ["status", STATUS],
  ["staged/status", STATUS],
  ["commit", COMMIT],
  ["staged/commit", COMMIT],
  ["abandon", ABANDON],
  ["staged/abandon", ABANDON],
]);

function routeOf(path: readonly string[]): Route | undefined {
  const [first = "", second = "", third, ...rest] = path;
  if (rest.length > 0) return undefined;
  const fixed = ROUTES.get(path.join("/"));
  if (fixed !== undefined) return fixed;
  if (first === "files" && path.length === 2) {
    return {
      reads: { GET: ({ transaction, parameters }) => getFile(transaction, second, parameters) },
    };
  }
  const kind = first === "items" ? ITEM_KINDS.get(second) : undefined;
  return kind === undefined ? undefined : itemRoute(kind, third);
}

function itemRoute(kind: FslKind, name: string | undefined): Route {
  if (name === undefined) {
    return {
      writes: {
        POST: ({ transaction, body, parameters }) => addItem(transaction, kind, body, parameters),
      },
    };
  }
  return {
    reads: { GET: ({ transaction, parameters }) => getItem(transaction, kind, name, parameters) },
    writes: {
      POST: ({ transaction, body, parameters }) =>
        replaceItem(transaction, kind, name, body, parameters),
      DELETE: ({ transaction, parameters }) => deleteItem(transaction, kind, name, parameters),
    },
  };
}

/** Answers a request below `/schema/1` of a caller who may read the schema. Statuses below 400 keep what was written. */
export function answerSchemaCall(
  transaction: Transaction,
  auth: Auth,
  call: SchemaCall,
): { readonly status: number; readonly body: string } {
  try {
    return { status: 200, body: printJson(perform(transaction, auth, call)) };
  } catch (error) {
    if (!(error instanceof SchemaRefusal)) throw error;
    return {
      status: error.status,
      body: printJson(new Map([["error", new Map([["message", error.message]])]])),
    };
  }
}

function perform(
  transaction: Transaction,
  auth: Auth,
  { method, path, params, files = [], body }: SchemaCall,
): JsonObject {
  const route = routeOf(path);
  if (route === undefined) throw SchemaRefusal.notFound();
  const parameters = schemaParameters(params);
  const named = files.map(({ name, content }) => ({ filename: name, content }));
  const call: Call = { transaction, parameters, files: named, body };
  const write = route.writes?.[method];
  const read = route.reads?.[method];
  if (write === undefined && read === undefined) throw new SchemaRefusal(405, "Method not allowed");
  // Asking what a write would do is no write.
  if (write !== undefined && !parameters.validate && !auth.maySchema("write"))
    throw new SchemaRefusal(403, "Access denied");
  return write?.(call) ?? read?.(call) ?? new Map();
}
