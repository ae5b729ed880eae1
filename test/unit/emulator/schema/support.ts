import { Cluster } from "../../../../src/emulator/data/cluster.ts";
import type { Database } from "../../../../src/emulator/data/database.ts";
import { NATIVE } from "../../../../src/emulator/data/ids.ts";
import type { Transaction } from "../../../../src/emulator/data/transaction.ts";
import { type Data, DocRef, type ObjectData } from "../../../../src/emulator/data/value.ts";
import { v10Language } from "../../../../src/emulator/fql10/language.ts";
import {
  getFile,
  installLanguage,
  listFiles,
  type SchemaParameters,
  schemaParameters,
  SchemaRefusal,
  updateFiles,
} from "../../../../src/emulator/schema/schema.ts";
import { type Json, parseJson, printJson } from "../../../../src/values/json.ts";

/** A database with the language it needs, and what tests do to its schema. */
export class TestDatabase {
  readonly cluster = new Cluster();
  readonly database: Database;

  constructor(fields: Readonly<Record<string, Data>> = {}) {
    installLanguage(this.cluster, v10Language);
    const id = this.cluster.transact(this.cluster.root, (transaction) => {
      const ref = transaction.newRef(NATIVE.Database);
      transaction.create(ref, new Map([["name", "test"], ...Object.entries(fields)]));
      return ref.id;
    });
    const database = this.cluster.root.child(id);
    if (database === undefined) throw new Error("no database");
    this.database = database;
  }

  /** Runs `work` in a transaction of its own. */
  do<T>(work: (transaction: Transaction) => T): T {
    return this.cluster.transact(this.database, work);
  }

  /** Pushes one file, or several by their names. */
  push(files: string | Readonly<Record<string, string>>, query = ""): void {
    const named = typeof files === "string" ? { "main.fsl": files } : files;
    const list = Object.entries(named).map(([filename, content]) => ({ filename, content }));
    this.do((transaction) => updateFiles(transaction, list, parameters(query)));
  }

  /** What a push is refused with. */
  refusal(work: () => unknown): { status: number; message: string } {
    try {
      work();
    } catch (error) {
      if (error instanceof SchemaRefusal) return { status: error.status, message: error.message };
      throw error;
    }
    throw new Error("not refused");
  }

  /** The files with their contents. */
  files(query = ""): Record<string, unknown> {
    return this.do((transaction) => {
      const list = plain(listFiles(transaction, parameters(query))) as {
        files: { filename: string }[];
      };
      const contents = list.files.map(({ filename }) => {
        const { content } = plain(getFile(transaction, filename, parameters(query))) as {
          content: string;
        };
        return [filename, content];
      });
      return Object.fromEntries(contents) as Record<string, unknown>;
    });
  }

  /** The definition of a collection as it is stored. */
  collection(name: string): ObjectData | undefined {
    return this.do(
      (transaction) => transaction.definitions.find(NATIVE.Collection, name)?.version.fields,
    );
  }

  /** Writes a document without asking the schema, as v4's Insert does. */
  put(collection: string, id: bigint, data: Readonly<Record<string, Data>>): void {
    this.do((transaction) => {
      const found = transaction.definitions.find(NATIVE.Collection, collection);
      if (found === undefined) throw new Error("no collection");
      transaction.create(
        new DocRef(Number(found.ref.id), id),
        new Map([["data", new Map(Object.entries(data))]]),
      );
    });
  }

  /** The data of a document. */
  data(collection: string, id: bigint): unknown {
    return this.do((transaction) => {
      const found = transaction.definitions.find(NATIVE.Collection, collection);
      const version = found && transaction.get(new DocRef(Number(found.ref.id), id));
      return simple(version?.fields.get("data"));
    });
  }
}

export function parameters(query: string): SchemaParameters {
  return schemaParameters(new URLSearchParams(query));
}

/** JSON as JavaScript values. */
export function plain(json: Json): unknown {
  return JSON.parse(printJson(json));
}

/** Stored values as JavaScript values; longs as numbers. */
export function simple(value: Data | undefined): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map((element: Data) => simple(element));
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, member]) => [name, simple(member as Data)]));
  return value;
}

/** A definition from JSON text, numbers as longs. */
export function definition(text: string): ObjectData {
  const toData = (json: Json): Data => {
    if (Array.isArray(json)) return json.map(toData);
    if (json instanceof Map)
      return new Map([...json].map(([name, member]) => [name, toData(member)]));
    return json !== null && typeof json === "object" ? BigInt(json.text) : json;
  };
  const data = toData(parseJson(text));
  if (!(data instanceof Map)) throw new Error("not an object");
  return data;
}
