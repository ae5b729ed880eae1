/**
 * An import of a tree of databases: each database in the order that `plan.ts` has for it, parents first; then what needs
 * all of them to be there.
 *
 * One mark, in the topmost database, stands for the whole tree. An import that goes on repeats every step of every
 * database, which changes nothing where it was done; what the mark says to be done, and what costs, is left out.
 */
import { type Connection, scoped } from "../fauna/fauna.ts";
import { findChild, isProtected, makeChild, protectChild } from "./children.ts";
import type { Marker } from "./marker.ts";
import type { Ownership } from "./ownership.ts";
import { databaseSteps, type Existing, planSteps, type Step, type StepContext } from "./plan.ts";
import { parseProgress, progressOf } from "./progress.ts";
import { keySteps } from "./secret-steps.ts";
import type { ChildSource, ImportSource } from "./source.ts";
import {
  checkTarget,
  readTarget,
  refuseMoved,
  SCHEMA_KINDS,
  type TargetChecks,
  type TargetState,
  untouchedSince,
} from "./target.ts";

/** One database of the tree. */
export interface Part extends ChildSource, Existing {
  /** A v4 expression: whether the database is as it was found. Undefined where an earlier attempt was at work. */
  readonly untouched: string | undefined;
}

export interface Parts {
  readonly parts: readonly Part[];
  /** The mark of an earlier attempt. */
  readonly marker: Marker | undefined;
}

export interface TreeStep extends Pick<Step, "title" | "reason"> {
  run(tree: TreeRun): Promise<void>;
}

/**
 * The databases of a source, with what the target already has of each.
 *
 * @param target undefined when it is yet to be made, and holds nothing.
 * @throws ArkError ERR_TARGET_NOT_EMPTY when any of them is not one to import into.
 */
export async function partsOf(
  source: ImportSource,
  target: Connection | undefined,
  options: TargetChecks,
): Promise<Parts> {
  const top = { path: [], definition: undefined, source };
  const parts: Part[] = [];
  const there = new Map<string, Connection | undefined>();
  let marker: TargetState["marker"];
  for (const part of [top, ...(source.children ?? [])]) {
    const { path } = part;
    const parent = there.get(keyOf(path.slice(0, -1)));
    const connection =
      path.length === 0
        ? target
        : parent && (await findChild(parent, path.at(-1)!, options.signal));
    there.set(keyOf(path), connection);
    let existing = new Set<string>();
    let hasSchema = false;
    let state: TargetState | undefined;
    if (connection !== undefined) {
      // What is seen there is to stay so.
      if (path.length > 0) await options.owner?.takeBelow(keyOf(path), connection);
      state = await readTarget(connection, options.signal);
      // What a marked import made below carries no mark of its own.
      const known: TargetState = { ...state, marker: state.marker ?? marker };
      await checkTarget(connection, part.source, known, options);
      if (path.length === 0) {
        ({ marker } = state);
        if (marker !== undefined) await refuseMoved(connection, marker, options.signal);
      }
      existing = new Set(
        state.definitions.filter(({ kind }) => kind === "collections").map(({ name }) => name),
      );
      const { phase } = progressOf(parseProgress(marker?.progress ?? ""), path);
      hasSchema = phase === "documents" && hasAll(state, part.source);
    }
    const asFound = marker === undefined ? untouchedSince(part.source, state) : undefined;
    parts.push({ ...part, existing, hasSchema, untouched: asFound });
  }
  return { parts, marker };
}

/** Whether a target has a definition of each name that the source has. */
function hasAll({ definitions }: TargetState, source: ImportSource): boolean {
  const there = new Set(definitions.map(({ kind, name }) => `${kind} ${name}`));
  const named = SCHEMA_KINDS.flatMap((kind) =>
    (source.definitions.get(kind) ?? []).map(({ name }) => `${kind} ${name}`),
  );
  const collections = source.collections.map(({ name }) => `collections ${name}`);
  return [...named, ...collections].every((each) => there.has(each));
}

export function planTree(parts: readonly Part[]): TreeStep[] {
  const children = parts.filter(({ path }) => path.length > 0);
  const [mark, ...steps] = parts.flatMap((part) => stepsOf(part).map((step) => inPart(part, step)));
  return [mark!, ...children.map(makeStep), ...steps]
    .concat(parts.flatMap((part) => keySteps(part.source).map((step) => inPart(part, step))))
    .concat(children.filter(({ definition }) => isProtected(definition)).map(protectStep));
}

function stepsOf(part: Part): Step[] {
  return part.path.length === 0 ? planSteps(part.source, part) : databaseSteps(part.source, part);
}

/** The step with its own database's context. */
export function inPart(part: Part, step: Step): TreeStep {
  const where = part.path.length === 0 ? "" : `${part.path.join("/")}: `;
  return {
    title: `${where}${step.title}`,
    reason: step.reason,
    run: async (tree) => step.run(await tree.context(part)),
  };
}

function makeStep({ path, definition, untouched }: Part): TreeStep {
  return {
    title: `create the database ${path.join("/")}`,
    reason: "before what is in it and documents that refer to it, after the database that it is in",
    run: async (tree) => {
      const parent = await tree.connection(path.slice(0, -1));
      await makeChild(parent, path.at(-1)!, definition, tree.signal);
      await tree.take(path, untouched);
    },
  };
}

function protectStep({ path }: Part): TreeStep {
  return {
    title: `protect the database ${path.join("/")}`,
    reason: "last: a protected database refuses the import's own changes of its schema",
    run: async (tree) =>
      protectChild(await tree.connection(path.slice(0, -1)), path.at(-1)!, tree.signal),
  };
}

/** The databases of the target as an import comes to them. */
export class TreeRun {
  readonly signal: AbortSignal;
  readonly #owner: Ownership;
  readonly #opened = new Map<string, Connection>();
  /** Each behind the fence of the run that owns it. */
  readonly #connections = new Map<string, Connection>();
  readonly #contexts = new Map<Part, StepContext>();
  readonly #begin: (part: Part, connection: Connection) => StepContext;

  constructor(
    target: Connection,
    owner: Ownership,
    signal: AbortSignal,
    begin: (part: Part, connection: Connection) => StepContext,
  ) {
    this.signal = signal;
    this.#owner = owner;
    this.#connections.set(keyOf([]), owner.fenced(target));
    this.#begin = begin;
  }

  /** Takes a database below for this run. @throws ArkError as `Ownership.takeBelow`. */
  async take(path: readonly string[], untouched: string | undefined): Promise<void> {
    const connection = await this.#open(path);
    await this.#owner.takeBelow(keyOf(path), connection, untouched);
  }

  /** @throws ArkError ERR_UNAUTHORIZED when there is no such database. */
  async connection(path: readonly string[]): Promise<Connection> {
    const known = this.#connections.get(keyOf(path));
    if (known !== undefined) return known;
    const connection = this.#owner.fenced(await this.#open(path));
    this.#connections.set(keyOf(path), connection);
    return connection;
  }

  async #open(path: readonly string[]): Promise<Connection> {
    const known = this.#opened.get(keyOf(path));
    if (known !== undefined) return known;
    const parent = await this.connection(path.slice(0, -1));
    const connection = await scoped(parent, path.at(-1)!, "admin", { signal: this.signal });
    this.#opened.set(keyOf(path), connection);
    return connection;
  }

  async context(part: Part): Promise<StepContext> {
    let context = this.#contexts.get(part);
    if (context === undefined) {
      context = this.#begin(part, await this.connection(part.path));
      this.#contexts.set(part, context);
    }
    return context;
  }
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}
