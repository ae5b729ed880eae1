/** A live database and, if asked, those below it, all at one moment, as the source of an import. */
import type { Choice } from "../export/choice.ts";
import { refuseUnreadable } from "../export/past-window.ts";
import { type DatabaseAtSnapshot, readTree } from "../export/tree.ts";
import type { Connection } from "../fauna/fauna.ts";
import type { ImportSource, Step } from "../import/import.ts";
import { Time } from "../values/time.ts";
import { LiveSource, type LiveSourceOptions } from "./live-source.ts";

export interface LiveTreeOptions extends Omit<
  LiveSourceOptions,
  "database" | "chosen" | "hasSchema" | "identity"
> {
  readonly source: Connection;
  readonly choice: Choice;
  /** Whether the databases below are copied too. */
  readonly recursive: boolean;
  readonly identity: (at: bigint) => string;
  /** The moment of an earlier attempt, to go on at, or one of the past; without it one is picked. */
  readonly asOf: bigint | undefined;
  /** Whether the moment is one of the past, whose schema may be another. */
  readonly isPast: boolean;
}

export class LiveTree {
  readonly at: bigint;
  /** The topmost database, then those below, each after its parent. */
  readonly databases: readonly LiveSource[];
  readonly forImport: ImportSource;

  private constructor(databases: readonly LiveSource[]) {
    const [top, ...below] = databases;
    this.databases = databases;
    this.at = top!.schema.at;
    this.forImport = {
      ...top!.forImport,
      children: below.map((child) => ({
        path: child.path,
        definition: this.#definitionOf(child.path),
        source: child.forImport,
      })),
    };
  }

  /**
   * Picks the moment, reads the schemas and measures the collections at it.
   *
   * @throws ArkError ERR_SNAPSHOT_EXPIRED when `asOf` can no longer be read; ERR_TRY_AGAIN when a schema has
   * changed since, or never holds still; ERR_USAGE when a glob names no collection.
   */
  static async open(options: LiveTreeOptions): Promise<LiveTree> {
    const { source, choice, identity } = options;
    const tree = await readTree(source, options);
    const all = tree.flatMap((database) =>
      database.schema.collections.map(({ name }) => ({ name, database })),
    );
    const chosen = choice.choose(all, source.place);
    const isChosen = (database: DatabaseAtSnapshot, name: string) =>
      chosen.some((each) => each.database === database && each.name === name);
    if (options.isPast) {
      const of = (database: DatabaseAtSnapshot) =>
        database.schema.collections.filter(({ name }) => isChosen(database, name));
      await refuseUnreadable(
        tree.map((database) => ({ database, chosen: of(database) })),
        options,
      );
    }
    const databases: LiveSource[] = [];
    for (const database of tree) {
      databases.push(
        await LiveSource.open({
          ...options,
          database,
          chosen: database.schema.collections.filter(({ name }) => isChosen(database, name)),
          hasSchema: choice.schema,
          identity: identity(tree[0].schema.at),
        }),
      );
    }
    return new LiveTree(databases);
  }

  /** The last step of a copy. */
  get check(): Step {
    return {
      title: `look at the source once more, at ${Time.fromMicros(this.at).toString()}`,
      reason:
        "its moment has to have been readable to the end, and its collections must not have been migrated, deleted or made anew",
      run: async () => {
        for (const database of this.databases) await database.check();
      },
    };
  }

  #definitionOf(path: readonly string[]) {
    const parent = this.databases.find(
      (each) => JSON.stringify(each.path) === JSON.stringify(path.slice(0, -1)),
    );
    const named = parent?.forImport.definitions.get("databases") ?? [];
    return named.find(({ name }) => name === path.at(-1));
  }
}
