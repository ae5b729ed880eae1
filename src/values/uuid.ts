/** UUIDs: a type that only FQL v4 can write. */
import { ArkError } from "../errors/errors.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID, in lower case as the server prints it. */
export class Uuid {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** @throws ArkError ERR_RECORD when `text` is not a UUID. */
  static parse(text: string): Uuid {
    if (!UUID.test(text))
      throw new ArkError("ERR_RECORD", `Not a UUID: ${JSON.stringify(text.slice(0, 60))}.`);
    return new Uuid(text.toLowerCase());
  }

  toString(): string {
    return this.text;
  }
}
