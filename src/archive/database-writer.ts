import assert from "node:assert/strict";
import { CollectionWriter, type CollectionSettings } from "./collection-writer.ts";
import type { HistoryWriter } from "./history-writer.ts";
import type { DatabaseEntry, DefinitionKind, SchemaFileEntry } from "./manifest.ts";
import { writeSchemaDone } from "./journal.ts";
import { HIDING } from "./names.ts";
import { writeDefinitions, writeFsl } from "./schema-files.ts";
import type { WriterContext } from "./writer-context.ts";

export interface WriteDefinitionsOptions {
  readonly signal?: AbortSignal | undefined;
  /** A resumed run keeps them: they could be beyond reading again by then. */
  readonly keep?: boolean | undefined;
}

/** The part of an archive that holds one database. */
export class DatabaseWriter {
  readonly path: readonly string[];
  /** "" for the exported database, else a path that ends in a slash. */
  readonly folder: string;
  readonly #context: WriterContext;
  readonly #schema: SchemaFileEntry[] = [];
  readonly #kinds = new Set<DefinitionKind>();
  readonly #stems = new Set<string>();
  readonly #collections = new Map<string, CollectionWriter>();
  readonly #folders = new Set<string>();

  constructor(context: WriterContext, path: readonly string[], folder: string) {
    this.path = path;
    this.folder = folder;
    this.#context = context;
    for (const { database, schema } of context.kept.schema) {
      if (JSON.stringify(database) !== JSON.stringify(path)) continue;
      this.#schema.push(schema);
      this.#kinds.add(schema.kind as DefinitionKind);
      this.#stems.add(schema.file.slice(0, schema.file.indexOf(".ndjson")));
    }
  }

  /** Writes all definitions of a kind, one line each as `printDefinitionLine` makes them. Once a kind. */
  async definitions(
    kind: DefinitionKind,
    texts: AsyncIterable<string> | Iterable<string>,
    { signal, keep = false }: WriteDefinitionsOptions = {},
  ): Promise<void> {
    assert(!this.#kinds.has(kind), `definitions of ${kind} are written twice`);
    this.#kinds.add(kind);
    const file = this.#schemaFile(`${this.folder}schema/`, kind, ".ndjson");
    const { store, sealer, sealing } = this.#context;
    const options = { kind, file, name: null, sealer, signal };
    const schema = await writeDefinitions(store, texts, options);
    this.#schema.push(schema);
    if (keep && sealing?.hidesManifest !== true)
      await writeSchemaDone(store, { database: [...this.path], schema });
  }

  /** Whether an earlier run has left all definitions of a kind; then they are in the archive already. */
  has(kind: DefinitionKind): boolean {
    return this.#kinds.has(kind);
  }

  /** Writes a schema file under the name that the server has it by. Once a name. */
  async fsl(
    name: string,
    content: string,
    { staged = false, signal }: { staged?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const below = `${this.folder}schema/${staged ? "fsl-staged" : "fsl"}/`;
    const kind = staged ? "fsl-staged" : "fsl";
    const file = this.#schemaFile(below, name.endsWith(".fsl") ? name.slice(0, -4) : name, ".fsl");
    const { store, sealer } = this.#context;
    this.#schema.push(await writeFsl(store, content, { kind, file, name, sealer, signal }));
  }

  /** The part for one collection, which is in the archive from now on even if nothing is written. */
  collection(name: string, settings: CollectionSettings = {}): CollectionWriter {
    assert(!this.#collections.has(name), `collection ${name} is there twice`);
    const folder = this.#context.naming.folder(name, this.#folders);
    this.#folders.add(folder);
    const path = `${this.folder}data/${folder}/`;
    const writer = new CollectionWriter(this.#context, this.path, { name, folder: path, settings });
    this.#collections.set(name, writer);
    return writer;
  }

  /** The part for the history of a collection that is in the archive already. */
  history(collection: string): HistoryWriter {
    const writer = this.#collections.get(collection);
    assert(writer !== undefined, `the history of ${collection}, which is not in the archive`);
    return writer.history();
  }

  /** The manifest's entry. Every write must have ended well. */
  entry(): DatabaseEntry {
    return {
      path: [...this.path],
      folder: this.folder,
      schema: this.#schema.toSorted((a, b) => (this.#rank(a) < this.#rank(b) ? -1 : 1)),
      collections: [...this.#collections.values()]
        .map((collection) => collection.entry())
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }

  /** Schema files are in the order of their names; drawn names are in none. */
  #rank({ kind, name, file }: SchemaFileEntry): string {
    return this.#context.naming === HIDING ? `${kind}/${name ?? ""}` : file;
  }

  /** A file of that name in `folder`, which no other has. */
  #schemaFile(folder: string, name: string, extension: string): string {
    const stems = [...this.#stems].filter((stem) => stem.startsWith(folder));
    const taken = new Set(stems.map((stem) => stem.slice(folder.length)));
    const { naming, sealer } = this.#context;
    const stem = folder + naming.schema(name, taken);
    this.#stems.add(stem);
    return `${stem}${extension}${sealer.extension}`;
  }
}
