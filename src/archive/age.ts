/**
 * Sealing and opening of files in the age format (age-encryption.org/v1), as streams.
 *
 * The library is loaded when the first file is sealed or opened: most runs do neither.
 */
import { ArkError } from "../errors/errors.ts";

const library = () => import("age-encryption");

/** Header bytes that are taken into memory, at most; a recipient takes less than 2 KiB of it. */
const HEADER_BYTES_MAX = 1024 * 1024;

type Bytes = AsyncIterable<Uint8Array>;

/** Turns what is to be stored into what is stored. */
export interface Sealer {
  /** What the names of files end in. */
  readonly extension: ".age" | "";
  seal(source: Bytes): Bytes;
}

/** Turns what is stored into what was sealed. */
export interface Opener {
  /** @throws SealError when the file is not whole, or not sealed to any of the keys; what `source` throws. */
  open(source: Bytes): Bytes;
}

/** Stores files as they are. */
export const UNSEALED: Sealer & Opener = {
  extension: "",
  seal: (source) => source,
  open: (source) => source,
};

/** A sealed file that cannot be opened. */
export class SealError extends Error {
  /** Whether it is sealed to other keys, as far as one can tell. */
  readonly isOtherKey: boolean;

  constructor(cause: unknown) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(message, { cause });
    this.isOtherKey = message.startsWith("no identity matched");
  }
}

/** Seals to every one of these recipients (`age1…`). @throws ArkError ERR_USAGE when one is none. */
export async function sealerTo(recipients: readonly string[]): Promise<Sealer> {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  for (const [index, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      // What is not a recipient may be a secret key by mistake: it is not shown.
      throw new ArkError("ERR_USAGE", `Recipient ${index + 1} is not a recipient of age.`, {
        hint: recipient.toUpperCase().startsWith("AGE-SECRET-KEY-")
          ? "It is an identity, which is secret; its recipient is what `age-keygen -y` prints."
          : "Recipients begin with age1; `age-keygen` makes one.",
      });
    }
  }
  return {
    extension: ".age",
    seal: (source) => through(source, (stream) => encrypter.encrypt(stream)),
  };
}

/** Opens with any of these identities (`AGE-SECRET-KEY-…`), which are checked by {@link recipientsOf}. */
export async function openerWith(identities: readonly string[]): Promise<Opener> {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  return { open: (source) => openThrough(source, (stream) => decrypter.decrypt(stream)) };
}

/** The recipients that belong to identities. @throws ArkError ERR_USAGE when one is no identity. */
export async function recipientsOf(identities: readonly string[]): Promise<string[]> {
  const { identityToRecipient } = await library();
  const recipients = identities.map(async (identity, index) => {
    try {
      return await identityToRecipient(identity);
    } catch {
      throw new ArkError("ERR_USAGE", `Identity ${index + 1} is not an identity of age.`, {
        hint: "Identities begin with AGE-SECRET-KEY-1. Those of plugins and SSH keys cannot be used here.",
      });
    }
  });
  return await Promise.all(recipients);
}

/** A new identity. */
export async function newIdentity(): Promise<string> {
  const { generateX25519Identity } = await library();
  return await generateX25519Identity();
}

/** Seals a small text with a passphrase. Takes about a second and 256 MiB, as it has to, at the default of 18. */
export async function sealWithPassphrase(
  text: string,
  passphrase: string,
  workFactor = 18,
): Promise<Uint8Array> {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  return await encrypter.encrypt(text);
}

/** @throws SealError when the passphrase is another, or the bytes are not what was sealed. */
export async function openWithPassphrase(sealed: Uint8Array, passphrase: string): Promise<string> {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(sealed, "text");
  } catch (error) {
    throw new SealError(error);
  }
}

type Stream = ReadableStream<Uint8Array>;

/** As {@link through}, for files of which nothing is known yet. */
async function* openThrough(
  source: Bytes,
  open: (stream: Stream) => Promise<Stream>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let headerBytes = 0;
  let isOpen = false;
  async function* guarded(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      // A header without end would be gathered in memory.
      if (!isOpen && headerBytes > HEADER_BYTES_MAX) throw new SealError("the header has no end");
      headerBytes += chunk.length;
      yield chunk;
    }
  }
  yield* through(guarded(), async (stream) => {
    const opened = await open(stream);
    isOpen = true;
    return opened;
  });
}

/**
 * Sends a source through a stream. The source is pulled only as the consumer pulls, and it is closed when
 * this ends, in whichever way; what it throws arrives as it is, what the transformation throws as SealError.
 */
async function* through(
  source: Bytes,
  transform: (stream: Stream) => Promise<Stream>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  const pulled: Stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await iterator.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          failure = { error };
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
  try {
    const transformed = await transform(pulled);
    for await (const chunk of transformed) if (chunk.length > 0) yield chunk;
  } catch (error) {
    throw failure === undefined ? new SealError(error) : failure.error;
  } finally {
    await iterator.return?.();
  }
}
