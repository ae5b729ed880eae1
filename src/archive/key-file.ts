/** Files of recipients and of identities, as `age -R` and `age -i` take them: one a line, `#` begins a comment. */
import { ArkError } from "../errors/errors.ts";

/** The recipients of a file. @throws ArkError ERR_USAGE, naming the line, when one is none, or there is none. */
export function parseRecipients(text: string, place: string): string[] {
  return parse(text, place, {
    what: "recipient",
    begins: "age1",
    hint: "A line holds one recipient, age1…; those of SSH keys cannot be used here.",
  });
}

/** The identities of a file. @throws ArkError ERR_USAGE, naming the line, when one is none, or there is none. */
export function parseIdentities(text: string, place: string): string[] {
  if (/^(age-encryption\.org\/|-----BEGIN AGE ENCRYPTED FILE-----)/.test(text)) {
    throw new ArkError("ERR_USAGE", "The identity file is itself encrypted.", {
      place,
      hint: "Open it first, with `age --decrypt`, to a place that only you can read.",
    });
  }
  return parse(text, place, {
    what: "identity",
    begins: "AGE-SECRET-KEY-",
    hint: "A line holds one identity, AGE-SECRET-KEY-1…, as `age-keygen` writes it; those of plugins and SSH keys cannot be used here.",
  });
}

interface Kind {
  readonly what: string;
  readonly begins: string;
  readonly hint: string;
}

/** Lines are never shown: the wrong file may be one of secrets. */
function parse(text: string, place: string, { what, begins, hint }: Kind): string[] {
  const found: string[] = [];
  for (const [index, written] of text.split("\n").entries()) {
    const line = written.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (!line.startsWith(begins)) {
      const at = `${place}:${index + 1}`;
      throw new ArkError("ERR_USAGE", `The line holds no ${what} of age.`, { place: at, hint });
    }
    found.push(line);
  }
  if (found.length > 0) return found;
  throw new ArkError("ERR_USAGE", `The file holds no ${what} of age.`, { place, hint });
}
