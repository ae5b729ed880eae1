/** What a wire form cannot hold: named, counted, and never passed over in silence. */
import { ArkError } from "../errors/errors.ts";

/** A statement of what a conversion cannot carry: a name for reports, and one sentence for people. */
export type CannotHold = Readonly<Record<string, string>>;

/** One value that a conversion could not carry. */
export interface Loss<Kind extends string = string> {
  readonly kind: Kind;
  /** Where in the document, as a JSON pointer. */
  readonly pointer: string;
}

/**
 * Told of every loss as it is met. A handler that throws ends the conversion; one that returns lets it go on with
 * what the server itself would show in that form.
 */
export type OnLoss<Kind extends string = string> = (loss: Loss<Kind>) => void;

/** The handler that refuses: throws ArkError ERR_RECORD at the first loss, with the sentence from `statement`. */
export function refuseLoss(statement: CannotHold): OnLoss {
  return ({ kind, pointer }) => {
    throw new ArkError("ERR_RECORD", `This form cannot hold it: ${statement[kind] ?? kind}`, {
      place: pointer === "" ? "/" : pointer,
      details: { kind },
    });
  };
}

/** A handler that lets everything pass and counts it. */
export class LossCount {
  readonly counts = new Map<string, number>();
  readonly #examples = new Map<string, string>();

  readonly onLoss: OnLoss = ({ kind, pointer }) => {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    if (!this.#examples.has(kind)) this.#examples.set(kind, pointer);
  };

  /** All losses together. */
  get total(): number {
    let total = 0;
    for (const count of this.counts.values()) total += count;
    return total;
  }

  /** Where a loss of this kind was first met. */
  example(kind: string): string | undefined {
    return this.#examples.get(kind);
  }
}

/** The place of the member or element `step` of what stands at `pointer`. */
export function pointerTo(pointer: string, step: string | number): string {
  return `${pointer}/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
