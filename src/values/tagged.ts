/** FQL v10's tagged wire form of values, by way of v4's, which holds more. */
import { type Json, parseJson, printJson } from "./json.ts";
import { type OnLoss, refuseLoss } from "./loss.ts";
import { taggedToV4, type TaggedLost } from "./tagged-to-v4.ts";
import { TAGGED_CANNOT_HOLD, type TaggedLoss, v4ToTagged } from "./v4-to-tagged.ts";
import { parseV4, printV4 } from "./v4.ts";
import type { Value } from "./value.ts";

/**
 * The value that tagged JSON stands for; see {@link taggedToV4}.
 *
 * @throws ArkError ERR_RECORD for untagged numbers, unknown tags and wrong bodies.
 */
export function parseTagged(json: Json, onLost?: OnLoss<TaggedLost>): Value {
  return parseV4(taggedToV4(json, onLost));
}

/**
 * `value` as tagged JSON text, as the server shows it inside a document.
 *
 * @param onLoss is told what the form cannot hold; by default it is refused with ArkError ERR_RECORD.
 */
export function printTagged(
  value: Value,
  onLoss: OnLoss<TaggedLoss> = refuseLoss(TAGGED_CANNOT_HOLD),
): string {
  return printJson(v4ToTagged(parseJson(printV4(value)), onLoss));
}
