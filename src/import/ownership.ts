/**
 * Which run owns a target: of several that would import into it at the same time, one does.
 *
 * A run takes the mark in a transaction that looks whether it is free, and gives it its own word. From then on all that
 * it asks of the target's FQL looks for that word in the same transaction (`Connection.fenced`), and a schema push says
 * which version of the schema it follows, to which taking the mark counts as a change. So a run from which the mark was
 * taken writes nothing more, however late its requests come, and ends with ERR_BUSY.
 *
 * Whether the other run lives decides only whether the mark is taken from it. On the same host that is seen; elsewhere
 * a run is taken for over that has noted nothing for a while, by the server's clock.
 */
import { randomBytes } from "node:crypto";
import { ArkError, isArkError } from "../errors/errors.ts";
import { type Connection, type Fence, stagedStatus } from "../fauna/fauna.ts";
import { hold, holderHere, letGo, lives } from "../flow/flow.ts";
import { Time } from "../values/time.ts";
import {
  begin,
  giveBack,
  isOwnedBy,
  isOwnedByInV10,
  type Mark,
  type Marked,
  type Owner,
  readMark,
  removeMark,
  takeOver,
  takeOverBelow,
} from "./marker.ts";

/** How often a run notes that it is there when it has nothing else to note. */
export const NOTE_EVERY_MS = 20_000;

/** A run of which nothing was noted for so long is over, where nothing else tells: six notes and more are missing. */
const SILENCE_SECONDS = 150;

const WORD = "fauna_ark_import: another run owns this target";

/** How long giving the mark back may take when a run has failed. */
const GIVE_BACK_MS = 5_000;

/** How often a database below is tried to be taken while others take it. */
const ATTEMPTS = 5;

/**
 * Refuses a target that another run owns and that may be under way.
 *
 * @param own the word of the run that asks.
 * @throws ArkError ERR_BUSY saying which run it is.
 */
export async function refuseHeld(
  target: Connection,
  { owner, noted, now }: Mark,
  own?: string,
): Promise<void> {
  if (owner === undefined || owner.token === own) return;
  const alive = await lives(owner);
  if (alive === false) return;
  if (alive === undefined && now - noted >= BigInt(SILENCE_SECONDS) * 1_000_000n) return;
  const { host, pid, since } = owner;
  const last = noted === 0n ? "" : `; it last noted how far it is at ${secondsOf(noted)}`;
  throw new ArkError(
    "ERR_BUSY",
    `Another run is importing here: process ${pid} on ${host}, since ${since}${last}.`,
    {
      place: target.place,
      hint:
        alive === true
          ? `Wait until it has ended, or stop it (process ${pid}).`
          : `Wait until it has ended. Whether it lives cannot be seen from here; when it has noted nothing for ${SILENCE_SECONDS} seconds, --continue takes over.`,
      details: { host, pid, started: since, ...(noted === 0n ? {} : { noted: secondsOf(noted) }) },
    },
  );
}

function secondsOf(micros: bigint): string {
  return Time.fromMicros(micros - (micros % 1_000_000n)).toString();
}

/** What one run has to do with the target that it writes to. */
export class Ownership {
  readonly #target: Connection;
  readonly #owner: Owner;
  readonly #fence: Fence;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
  /** Databases below that it has taken, by path. */
  readonly #below = new Map<string, Connection>();
  #isTaken = false;

  private constructor(target: Connection, owner: Owner, signal: AbortSignal) {
    this.#target = target;
    this.#owner = owner;
    this.signal = signal;
    this.#fence = {
      v4: `{"if":${isOwnedBy(owner.token)},"then":null,"else":{"abort":"${WORD}"}}`,
      v10: `if (!(${isOwnedByInV10(owner.token)})) { abort("${WORD}") }`,
      word: WORD,
      failed: lost,
    };
  }

  /** A run that begins, and owns nothing yet. To be ended in any case. */
  static async of(target: Connection, since: string, signal: AbortSignal): Promise<Ownership> {
    const token = randomBytes(16).toString("hex");
    const owner = { ...(await holderHere(token)), since };
    hold(token);
    return new Ownership(target, owner, signal);
  }

  get token(): string {
    return this.#owner.token;
  }

  /** When it began, ISO 8601. */
  get since(): string {
    return this.#owner.since;
  }

  /** Whether it has the topmost database. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** The same database, in which everything is done only while this run owns it. */
  fenced(database: Connection): Connection {
    return database.fenced(this.#fence);
  }

  /**
   * Marks a target that was found without a mark.
   *
   * @param untouched a v4 expression: whether it still holds nothing that would be in the way.
   * @throws ArkError ERR_BUSY when another run has begun in it meanwhile; ERR_TARGET_NOT_EMPTY when it is not as it was.
   */
  async begin(marked: Omit<Marked, "format">, untouched: string): Promise<void> {
    const isBegun = await begin(this.#target, this.#owner, { marked, untouched }, this.signal);
    if (!isBegun) throw await this.#changed(this.#target);
    this.#isTaken = true;
  }

  /** Takes the mark of a run that is over. @throws ArkError ERR_BUSY when it is not as it was found. */
  async takeOver(mark: Mark): Promise<void> {
    await refuseHeld(this.#target, mark, this.token);
    const isTaken = await takeOver(this.#target, this.#owner, mark, this.signal);
    if (!isTaken) throw await this.#changed(this.#target);
    this.#isTaken = true;
  }

  /**
   * Takes a database below the target, once.
   *
   * @param untouched as in {@link begin}; undefined where what an earlier attempt has written may be there.
   * @throws ArkError as {@link begin}.
   */
  async takeBelow(path: string, database: Connection, untouched?: string): Promise<void> {
    if (this.#below.has(path)) return;
    for (let attempt = 1; ; attempt++) {
      const isTaken = await this.#tryBelow(database, untouched);
      // A run that has lost the target may come to its databases when the other is through with them. Before anything
      // else is written there, it is made sure that this is not that one.
      try {
        await this.#requireOwn();
      } catch (error) {
        if (isTaken) await this.#leave(database);
        throw error;
      }
      if (isTaken) break;
      if (untouched !== undefined || attempt === ATTEMPTS) throw await this.#changed(database);
    }
    this.#below.set(path, database);
  }

  async #tryBelow(database: Connection, untouched: string | undefined): Promise<boolean> {
    const { signal } = this;
    if (untouched !== undefined)
      return await begin(database, this.#owner, { marked: undefined, untouched }, signal);
    const mark = await readMark(database, signal);
    if (mark.marker === undefined) return await takeOverBelow(database, this.#owner, mark, signal);
    await refuseHeld(database, mark, this.token);
    throw new ArkError(
      "ERR_TARGET_NOT_EMPTY",
      `An import of its own, begun at ${mark.marker.started}, never finished here.`,
      { place: database.place, hint: "Finish that one first, with --continue." },
    );
  }

  /** Makes sure that this run owns the target. @throws ArkError ERR_BUSY. */
  async #requireOwn(): Promise<void> {
    await this.fenced(this.#target).v4("null", { idempotent: true, signal: this.signal });
  }

  /** Takes away what this run has put into a database that is another's. Never fails. */
  async #leave(database: Connection): Promise<void> {
    try {
      const signal = AbortSignal.timeout(GIVE_BACK_MS);
      await removeMark(database, this.#owner, { isRepeated: true }, signal);
    } catch {
      // Whoever goes on with the import takes it over.
    }
  }

  /**
   * Takes the mark away: the import is finished.
   *
   * @throws ArkError ERR_BUSY when another run has it.
   */
  async finish(): Promise<void> {
    for (const database of [...this.#below.values()].toReversed()) {
      if (await removeMark(database, this.#owner, { isRepeated: true }, this.signal)) continue;
      throw lost(database.place);
    }
    if (!(await this.#remove())) throw lost(this.#target.place);
    this.#isTaken = false;
  }

  /** Repeated by itself: only then something that is gone may be what the first attempt took away. */
  async #remove(): Promise<boolean> {
    const remove = (isRepeated: boolean): Promise<boolean> =>
      removeMark(this.#target, this.#owner, { isRepeated }, this.signal);
    try {
      return await remove(false);
    } catch {
      this.signal.throwIfAborted();
      return await remove(true);
    }
  }

  /**
   * The run is over, or has failed: then it gives the mark back, so that another goes on at once. Never fails: who is
   * not heard from any more is taken for over.
   *
   * @param error what it failed with.
   * @returns what is to be thrown instead: who has taken the import over, where that is why.
   */
  async end(error?: unknown): Promise<unknown> {
    letGo(this.token);
    if (isLost(error)) return await this.#explained(error);
    // Where nobody answers, there is nobody to tell.
    const isMute = isArkError(error, "ERR_ENDPOINT", "ERR_TRY_AGAIN", "ERR_UNAUTHORIZED");
    if (!this.#isTaken || isMute) return error;
    try {
      await giveBack(this.#target, this.#owner, AbortSignal.timeout(GIVE_BACK_MS));
    } catch {
      // As above.
    }
    return error;
  }

  /** Why a database could not be taken. */
  async #changed(database: Connection): Promise<unknown> {
    const mark = await readMark(database, this.signal);
    try {
      await refuseHeld(database, mark, this.token);
    } catch (error) {
      return error;
    }
    if (mark.marker !== undefined || mark.isOwned) {
      return new ArkError("ERR_BUSY", "Another run has begun in the target meanwhile.", {
        place: database.place,
        hint: "Nothing was written by this one. Wait for the other, or use another database.",
      });
    }
    return new ArkError(
      "ERR_TARGET_NOT_EMPTY",
      "Something was written into the target since it was looked at.",
      {
        place: database.place,
        hint: "If another run of the same import has ended there, `fauna-ark verify ARCHIVE --against` tells whether all is there. Otherwise use an empty database.",
      },
    );
  }

  /** Who has taken the import over, as far as it can be learned. */
  async #explained(error: ArkError): Promise<unknown> {
    try {
      const { owner, marker } = await readMark(this.#target, AbortSignal.timeout(GIVE_BACK_MS));
      if (owner === undefined && marker !== undefined) return error;
      const { host, pid, since } = owner ?? {};
      return new ArkError(
        "ERR_BUSY",
        owner === undefined
          ? "Another run has taken this import over and finished it."
          : `Another run has taken this import over: process ${pid} on ${host}, since ${since}.`,
        {
          place: error.place,
          cause: error,
          hint: error.hint,
          details: owner === undefined ? {} : { host, pid, started: since },
        },
      );
    } catch {
      return error;
    }
  }
}

/** Which version of the schema a run that owns the database may change. @throws ArkError ERR_BUSY when it does not. */
export async function ownSchemaVersion(
  fenced: Connection,
  { isAgain, signal }: { readonly isAgain: boolean; readonly signal: AbortSignal },
): Promise<bigint> {
  const { schemaVersion } = await fenced.v10("null", {
    idempotent: true,
    typecheck: false,
    signal,
  });
  if (schemaVersion !== undefined && !isAgain) return schemaVersion;
  // What queries say may be older than what the schema's endpoint has. Looked for first: the mark has to be there since.
  const { version } = await stagedStatus(fenced, { signal });
  await fenced.v10("null", { idempotent: true, typecheck: false, signal });
  return version;
}

const LOST = "This import has lost its target: another run has taken it over.";

function lost(place: string, cause?: ArkError): ArkError {
  return new ArkError("ERR_BUSY", LOST, {
    place,
    ...(cause === undefined ? {} : { cause }),
    hint: "This run has written nothing since. Wait for the other one; when that has failed, go on with --continue.",
  });
}

function isLost(error: unknown): error is ArkError {
  return isArkError(error, "ERR_BUSY") && error.message === LOST;
}
