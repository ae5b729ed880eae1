import type { DocumentRecord } from "../values/record.ts";
import { type Batch, kindOf, type RecordKind, sizeInRequest } from "./write.ts";

export interface BatchLimits {
  /** Documents in a batch, at most. */
  readonly batchDocuments: number;
  /** Bytes of a batch, at most, unless one document alone is larger. */
  readonly batchBytes: number;
}

/** Gathers a collection's records into batches, one kind in each. */
export class Batcher {
  readonly #collection: string;
  readonly #limits: BatchLimits;
  readonly #open = new Map<RecordKind, { records: DocumentRecord[]; bytes: number }>();

  constructor(collection: string, limits: BatchLimits) {
    this.#collection = collection;
    this.#limits = limits;
  }

  /** Takes a record and gives the batch that it does not fit into any more, if there is one. */
  add(record: DocumentRecord): Batch | undefined {
    const kind = kindOf(record);
    const size = sizeInRequest(record);
    const { batchDocuments, batchBytes } = this.#limits;
    const open = this.#open.get(kind);
    if (open === undefined) {
      this.#open.set(kind, { records: [record], bytes: size });
      return undefined;
    }
    if (open.records.length < batchDocuments && open.bytes + size <= batchBytes) {
      open.records.push(record);
      open.bytes += size;
      return undefined;
    }
    this.#open.set(kind, { records: [record], bytes: size });
    return { collection: this.#collection, kind, records: open.records };
  }

  *rest(): Generator<Batch> {
    for (const [kind, { records }] of this.#open)
      yield { collection: this.#collection, kind, records };
  }
}
