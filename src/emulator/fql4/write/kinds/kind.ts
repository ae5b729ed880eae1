/** What each kind of definition adds to the common way of writing definitions. */
import type { NamedKind } from "../../../data/ids.ts";
import type { NATIVE } from "../../../data/ids.ts";
import type { Data, DocRef, ObjectData } from "../../../data/value.ts";
import type { V4Error } from "../../failure.ts";
import type { Frame } from "../../frame.ts";
import type { Position } from "../../position.ts";
import type { FieldFailure } from "../../failure.ts";

/** A write of a definition: who writes, what was there, what is to be there. */
export interface DefinitionWrite {
  readonly frame: Frame;
  readonly ref: DocRef;
  /** Undefined when the definition is new. */
  readonly before: ObjectData | undefined;
  readonly position: Position;
}

export interface Kind {
  readonly collection: NamedKind | typeof NATIVE.Key;
  /** Members that v4 may write; others are dropped without a word. */
  readonly members: ReadonlySet<string>;
  /** Members that only a creation writes. */
  readonly final?: ReadonlySet<string>;
  /** Members that v4 leaves as they are, in updates and replacements: v10's. */
  readonly retained?: ReadonlySet<string>;
  /** Those of them that a write puts behind all others, in this order. */
  readonly moved?: readonly string[];
  /** Members that a replacement keeps if it does not mention them. */
  readonly kept: ReadonlySet<string>;
  /** What a new definition has unless it says otherwise; null says that it has nothing. */
  readonly defaults?: readonly (readonly [string, Data])[];
  /** What is wrong with the fields. */
  validate(fields: ObjectData, write: DefinitionWrite): readonly FieldFailure[];
  /** What is wrong beyond single fields. */
  refuse?(fields: ObjectData, write: DefinitionWrite): readonly V4Error[];
  /** The fields as they are stored. */
  complete?(fields: ObjectData, write: DefinitionWrite): ObjectData;
  /** What follows from the write. */
  written?(fields: ObjectData, write: DefinitionWrite): void;
  /** What is refused of a deletion. */
  refuseDeletion?(write: DefinitionWrite): readonly V4Error[];
  /** What follows from a deletion. */
  deleted?(write: DefinitionWrite): void;
}
