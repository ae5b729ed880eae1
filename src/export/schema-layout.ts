/**
 * Schema files byte for byte as they were. The server keeps them in step with what queries change and lays them out anew
 * around that: `history_days` that went up and down again leave other white space, and a `history_days 0` that somebody
 * had written out is gone.
 */
import { isArkError } from "../errors/errors.ts";
import { type Connection, pushSchema, type SchemaFile, schemaFiles } from "../fauna/fauna.ts";
import { memberOf, parseFsl } from "../fsl/fsl.ts";
import { textBut } from "./schema-same.ts";

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

/**
 * Pushes the files that are only laid out anew. They say what the definitions say, so that no definition changes; what
 * somebody else has changed meanwhile is left alone.
 *
 * @param raised collections whose `history_days` were changed and are back.
 * @returns names of files that are other than they were.
 */
export async function restoreLayout(
  connection: Connection,
  before: readonly SchemaFile[],
  raised: ReadonlySet<string>,
  { signal, timeoutMs }: Options,
): Promise<string[]> {
  const { version, files } = await schemaFiles(connection, { signal });
  const now = new Map(files.map(({ filename, content }) => [filename, content]));
  const others = before.filter(({ filename, content }) => now.get(filename) !== content);
  const names = others.map(({ filename }) => filename);
  if (names.length === 0) return [];
  const isLayout = others.every((file) => {
    const content = now.get(file.filename);
    return content !== undefined && meaning({ ...file, content }, raised) === meaning(file, raised);
  });
  if (!isLayout) return names;
  try {
    // Whoever changes the schema in between wins.
    await pushSchema(connection, others, { override: false, version, signal, timeoutMs });
    return [];
  } catch (error) {
    if (isArkError(error, "ERR_SCHEMA", "ERR_TRY_AGAIN", "ERR_DATABASE")) return names;
    throw error;
  }
}

/** What a file says, `history_days 0` and none at all being the same. */
function meaning(file: SchemaFile, raised: ReadonlySet<string>): string {
  const days = parseFsl(file.content, file.filename).items.flatMap((item) => {
    if (item.kind !== "collection" || !raised.has(item.name.text)) return [];
    return [`${item.name.text} ${memberOf(item, "history_days")?.days ?? 0n}`];
  });
  return [textBut(file, raised), ...days].join("\n");
}
