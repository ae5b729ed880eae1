/**
 * Which process a run is in, for whoever finds what the run holds: the lock of an archive, the mark of an import. A
 * holder says where it is; from the same host it can be told whether it is still there.
 */
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { threadId } from "node:worker_threads";

export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** The thread of that process; threads know nothing of what others hold. */
  readonly thread: number;
  /** What tells the process from a later one of the same id; null where the system does not say. */
  readonly birth: string | null;
  /** Among which processes its id counts: those of a container have ids of their own. Null where the system does not say. */
  readonly among: string | null;
  /** A word that no other run has. */
  readonly token: string;
}

/** The words of the runs of this thread that are under way. */
const HELD = new Set<string>();

/** Says that the run with this word is under way, until {@link letGo}. */
export function hold(token: string): void {
  HELD.add(token);
}

export function letGo(token: string): void {
  HELD.delete(token);
}

/** A run of this thread. */
export async function holderHere(token: string): Promise<Holder> {
  return {
    host: hostname(),
    pid: process.pid,
    thread: threadId,
    birth: (await stateOf(process.pid))?.birth ?? null,
    among: await idsAmong(),
    token,
  };
}

/** Whether a run may still be going on; undefined when that cannot be told from here. */
export async function lives(holder: Holder): Promise<boolean | undefined> {
  const { pid, thread, birth, token } = holder;
  if (!(await isAmongThese(holder))) return undefined;
  if (!isThere(pid)) return false;
  const state = await stateOf(pid);
  if (state?.isOver === true) return false;
  // The id is another process's by now.
  if (state !== undefined && birth !== null && state.birth !== birth) return false;
  return pid !== process.pid || thread !== threadId || HELD.has(token);
}

/** Whether a process of that id here would be the one that the run is in. */
export async function isAmongThese({ host, among, birth }: Holder): Promise<boolean> {
  if (host !== hostname()) return false;
  const here = await idsAmong();
  if (here === null || among === null || among === here) return true;
  // Since the machine was started anew, none of its processes is there.
  const now = await boot();
  return birth !== null && now !== undefined && !birth.startsWith(`${now}/`);
}

/** Which processes know one another by their ids, as Linux tells it. */
async function idsAmong(): Promise<string | null> {
  try {
    return await readlink("/proc/self/ns/pid");
  } catch {
    return null;
  }
}

async function boot(): Promise<string | undefined> {
  try {
    return (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
  } catch {
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be asked, but is there.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** What Linux says of a process: since when it is there, and whether it is over and only not waited for. */
async function stateOf(
  pid: number,
): Promise<{ readonly birth: string; readonly isOver: boolean } | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "latin1");
    const since = await boot();
    // From the third field on: the second is the program's name, which may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state = ""] = fields;
    if (since === undefined) return undefined;
    return { birth: `${since}/${fields[19]}`, isOver: state === "Z" || state === "X" };
  } catch {
    return undefined;
  }
}
