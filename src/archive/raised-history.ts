/**
 * What an export has raised `history_days` of, and from what: written down before the first is raised, and removed when
 * all are back, so that whoever comes after a crash can put them back. It is no part of an archive.
 */
import * as z from "zod";
import { ArkError } from "../errors/errors.ts";
import { isMissing, readWhole, type Store, writeWhole } from "../store/store.ts";
import { FORMAT_NAME } from "./manifest.ts";
import { RAISED_HISTORY } from "./names.ts";

const VERSION = 1;

const schema = z.strictObject({
  format: z.literal(FORMAT_NAME),
  version: z.literal(VERSION),
  started: z.string(),
  source: z.strictObject({ endpoint: z.string(), database: z.string(), globalId: z.string() }),
  collections: z.array(
    z.strictObject({
      database: z.array(z.string()),
      name: z.string(),
      madeBy: z.enum(["v4", "v10"]),
      /** Days before, and as long as the export runs. */
      was: z.int().min(0),
      raised: z.int().min(1),
    }),
  ),
});

/** The journal of raised `history_days`. */
export type RaisedHistory = Omit<z.infer<typeof schema>, "format" | "version">;

/** A collection of which `history_days` are raised. */
export type RaisedCollection = RaisedHistory["collections"][number];

/** @throws ArkError ERR_TARGET_NOT_EMPTY when there is one already; what the store throws. */
export async function writeRaisedHistory(store: Store, journal: RaisedHistory): Promise<void> {
  const whole = { format: FORMAT_NAME, version: VERSION, ...journal };
  await writeWhole(store, RAISED_HISTORY, `${JSON.stringify(whole)}\n`, { exclusive: true });
}

/** @throws ArkError ERR_ARCHIVE_CORRUPT when it is there and cannot be understood. */
export async function readRaisedHistory(store: Store): Promise<RaisedHistory | undefined> {
  let text: string;
  try {
    text = (await readWhole(store, RAISED_HISTORY)).toString();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const parsed = schema.safeParse(jsonIn(text));
  if (parsed.success) {
    const { started, source, collections } = parsed.data;
    return { started, source, collections };
  }
  throw new ArkError("ERR_ARCHIVE_CORRUPT", "What was raised for an export cannot be read.", {
    place: `${store.place} ${RAISED_HISTORY}`,
    hint: "Look into the file, set history_days of its collections by hand, and remove it.",
  });
}

/** Says that nothing is raised any more. */
export async function removeRaisedHistory(store: Store): Promise<void> {
  await store.remove(RAISED_HISTORY);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
