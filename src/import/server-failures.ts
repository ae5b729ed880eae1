/**
 * Tells a document that a server stumbles over from a server that stumbles over everything. Some values make Fauna
 * answer 500 (live 38); such a document is refused like any other. When one after the other is answered so, it is not
 * the documents' fault, and none may end as refused.
 */
import { ArkError } from "../errors/errors.ts";
import { faunaStatus } from "../fauna/fauna.ts";

/** So many documents in a row, each sent by itself, are too many to blame. */
const IN_A_ROW = 25;

export class ServerFailures {
  #inRow = 0;

  /** Something was written. */
  worked(): void {
    this.#inRow = 0;
  }

  /**
   * A single document was refused.
   *
   * @throws ArkError ERR_TRY_AGAIN when the server has failed too often in a row.
   */
  refused(error: ArkError, place: string): void {
    const status = faunaStatus(error) ?? 0;
    if (status < 500) {
      this.#inRow = 0;
      return;
    }
    if (++this.#inRow < IN_A_ROW) return;
    throw new ArkError(
      "ERR_TRY_AGAIN",
      `The server failed (${status}) on ${IN_A_ROW} documents in a row, each sent by itself.`,
      {
        place,
        cause: error,
        hint: "Something is wrong with the server, not with the documents. When it is well again, go on with --continue.",
        details: { status },
      },
    );
  }
}
