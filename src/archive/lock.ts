/**
 * The lock of an archive that is being written: of several runs that would write into one place, one does.
 *
 *     journal/lock-<n>.json    which process has it: host, process id, when that began, and a word that nobody else has
 *
 * The file is made exclusively, so that of two runs at the same moment one has it. A run that is killed leaves it behind;
 * the next one on the same host sees that the process is gone, and makes the file of the next number before it removes
 * that one, so that of several that see it again only one goes on. Whoever has made its file looks once more for others
 * that live, and withdraws when there is one; or when its own is gone, for one that took over at the same moment.
 *
 * Of a process on another host, or of a container beside this one, nobody here can tell whether it lives: its lock holds
 * until somebody removes it.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import * as z from "zod";
import { ArkError, isArkError } from "../errors/errors.ts";
import { hold, holderHere, isAmongThese, letGo, lives } from "../flow/flow.ts";
import { isMissing, readWhole, type Store, writeWhole } from "../store/store.ts";
import { FORMAT_NAME } from "./manifest.ts";
import { isLockFile, JOURNAL, lockFile, lockNumber, RAISED_HISTORY, RUN_JOURNAL } from "./names.ts";

const schema = z.object({
  format: z.literal(FORMAT_NAME),
  host: z.string(),
  pid: z.int().min(1),
  /** The thread of that process; threads know nothing of one another's locks. */
  thread: z.int().min(0),
  /** What tells the process from a later one of the same id; null where the system does not say. */
  birth: z.string().nullable(),
  /** Among which processes its id counts: those of a container have ids of their own. Null where the system does not say. */
  among: z.string().nullable(),
  token: z.string(),
  /** When the lock was taken, ISO 8601. */
  started: z.string(),
});

type Holder = z.infer<typeof schema>;

interface Lock {
  readonly name: string;
  readonly number: number;
  /** Undefined when the file says nothing that can be understood. */
  readonly holder: Holder | undefined;
}

/** How often the file is tried to be made while others make and remove theirs. */
const ATTEMPTS = 5;

export interface ArchiveLockOptions {
  /** Told, in a sentence for people, of the process whose lock was taken over. */
  readonly onNotice?: (text: string) => void;
  /** The wall clock. */
  readonly now?: () => Date;
}

/** What one run has to do with the lock of the place that it writes to. */
export class ArchiveLock {
  readonly #store: Store;
  readonly #onNotice: (text: string) => void;
  readonly #now: () => Date;
  readonly #token = randomBytes(16).toString("hex");
  /** The file, while this run has the lock. */
  #name: string | undefined;

  constructor(store: Store, { onNotice, now }: ArchiveLockOptions = {}) {
    this.#store = store;
    this.#onNotice = onNotice ?? (() => {});
    this.#now = now ?? (() => new Date());
  }

  /**
   * Takes the lock where an earlier run has left something to go on with; elsewhere it is only looked whether somebody
   * has it, and nothing is written.
   *
   * @throws ArkError ERR_BUSY when another run has it; what the store throws.
   */
  async takeWhereBegun(): Promise<void> {
    for (const name of [RUN_JOURNAL, RAISED_HISTORY])
      if ((await this.#store.size(name)) !== undefined) return await this.take();
    await this.requireNoOther();
  }

  /** Takes the lock, unless this run has it. @throws ArkError ERR_BUSY when another run has it; what the store throws. */
  async take(): Promise<void> {
    if (this.#name !== undefined) return;
    hold(this.#token);
    try {
      const gone = await this.#make();
      await this.requireNoOther();
      await this.#requireOwn();
      for (const { name, holder } of gone) {
        await this.#store.remove(name);
        if (holder !== undefined) this.#onNotice(takenOver(holder));
      }
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  /** Whether this run has taken the lock and not given it back. */
  get isHeld(): boolean {
    return this.#name !== undefined;
  }

  /** Makes sure that no other run has the lock. @throws ArkError ERR_BUSY; what the store throws. */
  async requireNoOther(): Promise<void> {
    await this.#others();
  }

  /** Gives the lock back. Never fails: what cannot be removed is the lock of a run that is over, which the next one sees. */
  async release(): Promise<void> {
    const name = this.#name;
    this.#name = undefined;
    try {
      if (name === undefined) return;
      // It may have gone with the journal, and be another's by now.
      const lock = await read(this.#store, name);
      if (lock?.holder?.token === this.#token) await this.#store.remove(name);
    } catch {
      // As above.
    } finally {
      letGo(this.#token);
    }
  }

  /**
   * Whoever took over the lock of another run may have removed this one in its place, both having the same name.
   *
   * @throws ArkError ERR_BUSY.
   */
  async #requireOwn(): Promise<void> {
    const name = this.#name!;
    if ((await read(this.#store, name))?.holder?.token === this.#token) return;
    throw new ArkError("ERR_BUSY", "Another run has begun here at the same moment.", {
      place: `${this.#store.place}/${name}`,
      hint: "Wait until it has ended.",
    });
  }

  /** Makes the file. @returns the locks of runs that are over. */
  async #make(): Promise<Lock[]> {
    const holder: Holder = {
      format: FORMAT_NAME,
      ...(await holderHere(this.#token)),
      started: this.#now().toISOString(),
    };
    for (let attempt = 1; ; attempt++) {
      const gone = await this.#others();
      const name = lockFile(1 + Math.max(0, ...gone.map(({ number }) => number)));
      try {
        // Before it is there: a write that fails may have made it all the same.
        this.#name = name;
        await writeWhole(this.#store, name, `${JSON.stringify(holder)}\n`, { exclusive: true });
        return gone;
      } catch (error) {
        if (!isArkError(error, "ERR_TARGET_NOT_EMPTY")) throw error;
        // A store that repeats what it has no answer to finds what it has made itself.
        if ((await read(this.#store, name))?.holder?.token === this.#token) return gone;
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** The locks of runs that are over. @throws ArkError ERR_BUSY when there is one of another run that lives. */
  async #others(): Promise<Lock[]> {
    const gone: Lock[] = [];
    const names: string[] = [];
    for await (const { name } of this.#store.list(JOURNAL)) if (isLockFile(name)) names.push(name);
    for (const name of names) {
      const lock = await read(this.#store, name);
      if (lock === undefined || lock.holder?.token === this.#token) continue;
      if (lock.holder === undefined || (await lives(lock.holder)) !== false)
        throw await busy(this.#store, lock);
      gone.push(lock);
    }
    return gone;
  }
}

/** What a lock says; undefined when it is gone. */
async function read(store: Store, name: string): Promise<Lock | undefined> {
  try {
    const text = (await readWhole(store, name)).toString();
    return { name, number: lockNumber(name)!, holder: parse(text) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function parse(text: string): Holder | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function takenOver({ pid, started }: Holder): string {
  return `The run of process ${pid}, begun ${started}, ended without giving the archive back; its lock was taken over.`;
}

async function busy(store: Store, { name, holder }: Lock): Promise<ArkError> {
  const place = `${store.place}/${name}`;
  if (holder === undefined) {
    return new ArkError("ERR_BUSY", "Another run may be writing here: its lock cannot be read.", {
      place,
      hint: "Wait until it has ended. If nothing writes here any more, remove this file.",
    });
  }
  const { host, pid, started } = holder;
  return new ArkError(
    "ERR_BUSY",
    `Another run is writing this archive: process ${pid} on ${host}, since ${started}.`,
    { place, hint: await remedy(holder), details: { host, pid, started } },
  );
}

async function remedy(holder: Holder): Promise<string> {
  const { host, pid, birth } = holder;
  if (await isAmongThese(holder)) {
    const stop = `Wait until it has ended, or stop it (process ${pid}).`;
    return birth === null
      ? `${stop} If process ${pid} is no run of fauna-ark, remove this file.`
      : stop;
  }
  const where = host === hostname() ? "in its container" : `on ${host}`;
  return `Wait until it has ended. If there is no such process ${where} any more, remove this file.`;
}
