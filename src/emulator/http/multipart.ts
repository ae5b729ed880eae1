/** `multipart/form-data`, as schema files are pushed: each part's name is a file name. */

export interface Part {
  readonly name: string;
  readonly content: string;
}

/**
 * The parts of a body in their order; undefined if its type names no boundary. What is not a whole
 * part is not one, and nothing is said about it, as on the server (fsl/endpoint-errors). Bytes that
 * are not UTF-8 become replacement characters.
 */
export function parseMultipart(contentType: string, body: Buffer): Part[] | undefined {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const delimiter = boundary?.[1] ?? boundary?.[2];
  if (delimiter === undefined) return undefined;
  const text = `\r\n${body.toString("utf8")}`;
  const [, ...pieces] = text.split(`\r\n--${delimiter}`);
  pieces.pop();
  const parts: Part[] = [];
  for (const piece of pieces) {
    const match = /^[ \t]*\r\n((?:[^\r\n]+\r\n)*)\r\n([^]*)$/.exec(piece);
    const name = match?.[1] && nameIn(match[1]);
    if (name !== undefined) parts.push({ name, content: match?.[2] ?? "" });
  }
  return parts;
}

function nameIn(head: string): string | undefined {
  const disposition = /^content-disposition:.*?;\s*name=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/im.exec(
    head,
  );
  const quoted = disposition?.[1]?.replaceAll(/\\(.)/g, "$1");
  const name = quoted ?? disposition?.[2];
  // FormData escapes these three in names.
  return name?.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}
