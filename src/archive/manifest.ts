/**
 * The manifest: what an archive holds, so exactly that everything else in it can be proven.
 *
 * `docs/ARCHIVE_FORMAT.md` says in words what stands here as a schema, and
 * `docs/archive-manifest.schema.json` is made from it.
 */
import * as z from "zod";

/** The format this release writes. A reader refuses a newer one. */
export const FORMAT_VERSION = 1;

/** What stands in every manifest's `format`, so that no other JSON file is taken for one. */
export const FORMAT_NAME = "fauna-ark";

/** Plain bytes of one frame that a reader takes into memory, at most. */
export const FRAME_PLAIN_BYTES_MAX = 128 * 1024 * 1024;

const count = z.int().nonnegative();
const id = z.string().regex(/^(0|[1-9][0-9]{0,18})$/);
const micros = z.string().regex(/^(0|-?[1-9][0-9]*)$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const fingerprint = z
  .strictObject({
    records: count,
    exact: sha256.describe("The sum of the digests with ts."),
    content: sha256.describe("The sum of those without ts: what a copy with new timestamps keeps."),
  })
  .describe("Sums modulo 2^256, as 64 hex digits, of the digests of the records.");

const frame = z
  .strictObject({
    offset: count.describe("Stored bytes before the frame; with feature age, opened bytes."),
    plainOffset: count.describe("Plain bytes before the frame."),
    records: count.min(1),
    firstId: id,
  })
  .describe("A gzip member, zstd frame or piece of plain text that is read without the others.");

const segment = z
  .strictObject({
    file: z.string(),
    firstId: id,
    lastId: id,
    minTs: micros,
    maxTs: micros,
    records: count.min(1),
    plainBytes: count.min(1),
    storedBytes: count.min(1),
    openedBytes: count
      .min(1)
      .optional()
      .describe(
        "Bytes of the file once opened, of which frames are pieces; only with feature age.",
      ),
    sha256: sha256.describe("SHA-256 of the stored bytes."),
    fingerprint,
    frames: z.array(frame).min(1),
  })
  .describe("One NDJSON file: records of one collection, ascending by id.");

const historyTotals = {
  versions: count.describe("Lines: versions that were superseded, and deletions."),
  plainBytes: count,
  storedBytes: count,
};

const history = z
  .strictObject({
    folder: z.string(),
    from: micros.describe("Since when, in microseconds, every version and deletion is there."),
    ...historyTotals,
    fingerprint,
    segments: z
      .array(segment)
      .describe("Disjoint and ascending by id; in each, records of one id ascend by ts."),
  })
  .describe("Only with feature history: what is told of the collection's past.");

const collection = z.strictObject({
  name: z.string().min(1),
  folder: z.string(),
  historyDays: z.number().nullable().describe("null: past versions are kept for ever."),
  ttlDays: z.number().nullable().describe("null: documents do not expire by themselves."),
  documents: count,
  plainBytes: count,
  storedBytes: count,
  fingerprint,
  segments: z.array(segment).describe("Disjoint and ascending by id."),
  history: history.optional(),
});

const schemaKinds = [
  "fsl",
  "fsl-staged",
  "collections",
  "indexes",
  "functions",
  "roles",
  "access_providers",
  "databases",
  "credentials",
  "keys",
  "tokens",
] as const;

const schemaFile = z
  .strictObject({
    kind: z.enum(schemaKinds),
    file: z.string(),
    name: z.string().nullable().describe("For FSL the file's name on the server, else null."),
    definitions: count.describe("Lines of an NDJSON file; 0 for FSL."),
    bytes: count,
    sha256,
  })
  .describe("A file below schema/.");

const database = z.strictObject({
  path: z
    .array(z.string().min(1))
    .describe("Names from the exported database down; [] for itself."),
  folder: z.string().describe('"" for the exported database, else a path that ends in a slash.'),
  schema: z.array(schemaFile),
  collections: z.array(collection),
});

const note = z.strictObject({
  code: z.string().min(1),
  message: z.string(),
  database: z.array(z.string()),
  collection: z.string().nullable(),
  count,
  examples: z.array(z.string()).describe("Some of the ids or names concerned."),
});

/** The schema of a manifest of this format version. */
export const manifestSchema = z
  .strictObject({
    format: z.literal(FORMAT_NAME),
    version: z.literal(FORMAT_VERSION),
    features: z
      .array(z.string())
      .describe("What a reader has to understand beyond the version; it refuses what it does not."),
    tool: z.strictObject({ name: z.string(), version: z.string() }),
    created: z.iso.datetime().describe("When the manifest was written."),
    kind: z.literal("full"),
    source: z.strictObject({
      endpoint: z.string().describe("Scheme, host and port; never a secret."),
      database: z.string().nullable().describe("The database's name, where it is known."),
      globalId: z.string().nullable(),
    }),
    snapshot: z.strictObject({
      ts: micros.describe("The moment everything was read at, in microseconds since 1970."),
      time: z.string().describe("The same as ISO 8601."),
    }),
    compression: z.enum(["none", "gzip", "zstd"]),
    encryption: z
      .strictObject({
        recipients: z.array(z.string()).min(1).describe("Whom every file is sealed to; public."),
        passphrase: z
          .boolean()
          .describe("Whether identity.age holds the identity of one of them, under a passphrase."),
      })
      .optional()
      .describe("Only with feature age."),
    options: z
      .record(
        z.string(),
        z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]),
      )
      .describe("What the export was asked for; for people, no reader depends on it."),
    databases: z
      .array(database)
      .min(1)
      .describe("The exported database first, then those below it."),
    totals: z.strictObject({
      databases: count,
      collections: count,
      documents: count,
      segments: count,
      definitions: count,
      plainBytes: count,
      storedBytes: count,
      history: z
        .strictObject({ segments: count, ...historyTotals })
        .optional()
        .describe("Only with feature history: sums over all histories."),
    }),
    fidelity: z
      .strictObject({ notes: z.array(note) })
      .describe("What Fauna made impossible to export exactly, counted."),
    about: z
      .record(z.string(), z.json())
      .describe("Anything that may be ignored; a release may add members without a feature."),
  })
  .meta({ title: "fauna-ark archive manifest, format version 1" });

export type Manifest = z.infer<typeof manifestSchema>;
export type DatabaseEntry = z.infer<typeof database>;
export type CollectionEntry = z.infer<typeof collection>;
export type CollectionHistory = z.infer<typeof history>;
export type SegmentEntry = z.infer<typeof segment>;
export type FrameEntry = z.infer<typeof frame>;
export type SchemaFileEntry = z.infer<typeof schemaFile>;
export type SchemaKind = SchemaFileEntry["kind"];
export type DefinitionKind = Exclude<SchemaKind, "fsl" | "fsl-staged">;
export type FidelityNote = z.infer<typeof note>;

const part = z
  .strictObject({
    range: z.strictObject({
      from: id,
      to: id,
      documents: count.describe("How many were listed from there to there."),
    }),
    done: z
      .strictObject({ from: id, to: id })
      .describe("Of these ids all that there is to be had is durable, with this entry's segment."),
    counted: z.record(z.string(), count).describe("What else was seen among these ids."),
  })
  .describe("What a resumed run needs not do again.");

/** What of a collection is durable, as it lies in the journal while a run is under way: a segment, or that there is none. */
export const segmentJournalSchema = z.strictObject({
  database: z.array(z.string()),
  collection: z.string(),
  segment: segment.nullable(),
  part: part.optional(),
});
export type JournalPart = z.infer<typeof part>;
/** An entry of the journal with a segment. */
export type SegmentJournal = z.infer<typeof segmentJournalSchema> & {
  readonly segment: SegmentEntry;
};
/** An entry of the journal of a run that can be resumed. */
export type PartJournal = z.infer<typeof segmentJournalSchema> & { readonly part: JournalPart };

/** A schema file that is durable and may be beyond reading again, as it lies in the journal. */
export const schemaJournalSchema = z.strictObject({
  database: z.array(z.string()),
  schema: schemaFile,
});
export type SchemaJournal = z.infer<typeof schemaJournalSchema>;

/** What a run writes down before anything else. */
export const runJournalSchema = z.strictObject({
  format: z.literal(FORMAT_NAME),
  version: z.int(),
  tool: manifestSchema.shape.tool,
  started: z.string(),
  source: manifestSchema.shape.source,
  snapshot: manifestSchema.shape.snapshot,
  compression: manifestSchema.shape.compression,
  encryption: z
    .strictObject({
      recipients: z.array(z.string()),
      passphrase: z.boolean(),
      hidesManifest: z.boolean(),
    })
    .optional(),
  options: manifestSchema.shape.options,
});
export type RunJournal = z.infer<typeof runJournalSchema>;

/** The manifest's JSON Schema, kept as `docs/archive-manifest.schema.json`. */
export function manifestJsonSchema(): unknown {
  return z.toJSONSchema(manifestSchema);
}
