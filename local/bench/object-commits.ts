import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const LOOK_MS = 100;

/** Of SQLite's write-ahead log: a header, and frames of a header and a page each. */
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** Commits by the class of the object that made them; the alarms of a class are kept apart, in a file of their own. */
export type ObjectCommits = Record<string, number>;

type Wal = { readonly signature: string; readonly salt: string; readonly commits: number };

const Gone = z.object({ code: z.enum(["ENOENT"]) });

/**
 * Counts the commits to disk of all Durable Objects of a workerd: each is one flush of the object's write-ahead log,
 * in which its last frame is marked. Logs are emptied and removed at times, so that they are looked at again and again.
 */
export async function watchObjectCommits(folder: string): Promise<{ stop: () => Promise<ObjectCommits> }> {
  const stopping = new AbortController();
  const logs = new Map<string, Wal>();
  const counted: ObjectCommits = {};
  const look = async (): Promise<void> => {
    for (const path of await listLogs(folder)) {
      const before = logs.get(path);
      const now = await readWal(join(folder, path), before);
      if (now === undefined || now === before) continue;
      logs.set(path, now);
      const fresh = now.commits - (before?.salt === now.salt ? before.commits : 0);
      const name = nameOf(path);
      counted[name] = (counted[name] ?? 0) + fresh;
    }
  };
  await look();
  for (const name of Object.keys(counted)) counted[name] = 0;
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await look();
  };
  const watched = watch();
  return {
    stop: async () => {
      stopping.abort();
      await watched;
      return Object.fromEntries(Object.entries(counted).filter(([, commits]) => commits > 0));
    },
  };
}

/** Of `bench-CartObject/metadata.sqlite-wal`: `CartObject alarms`. */
function nameOf(path: string): string {
  const [folder = "", file = ""] = path.split("/");
  const name = folder.replace(/^bench-/, "");
  return file.startsWith("metadata.") ? `${name} alarms` : name;
}

async function listLogs(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true });
  return paths.filter((path) => path.endsWith("-wal"));
}

async function readWal(file: string, before: Wal | undefined): Promise<Wal | undefined> {
  try {
    const { size, mtimeMs } = await stat(file);
    const signature = `${size} ${mtimeMs}`;
    if (signature === before?.signature) return before;
    return { signature, ...commitsIn(await readFile(file)) };
  } catch (fault) {
    if (Gone.safeParse(fault).success) return undefined;
    throw fault;
  }
}

/** Frames behind those of the log's present run are left over from an earlier one, with another salt. */
export function commitsIn(log: Buffer): Omit<Wal, "signature"> {
  if (log.length < WAL_HEADER_BYTES) return { salt: "", commits: 0 };
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  const salt = log.subarray(16, 24);
  let commits = 0;
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= log.length; at += frameBytes) {
    if (!log.subarray(at + 8, at + 16).equals(salt)) break;
    // The size of the database after the commit; 0 in frames that end none.
    if (log.readUInt32BE(at + 4) > 0) commits += 1;
  }
  return { salt: salt.toString("hex"), commits };
}
