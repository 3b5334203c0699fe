import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { z } from "zod";
import type { BenchStack } from "./bench-stack.ts";
import { untilAllIsDone } from "./fill-shop.ts";
import { holds, until } from "../postgres/connection.ts";
import { type ObjectCommits, watchObjectCommits } from "./object-commits.ts";
import { performTimes } from "./load.ts";
import type { Operation } from "./operations.ts";

/** Operations that are counted at least, so that what several share is shared as usual. */
const OPERATIONS_MIN = 32;

const BARE_SECONDS = 1;
/** As much as a page of an object's log. */
const BARE_BYTES = 4_096;

/**
 * Flushes of Postgres' log for which a transaction waited, several of them perhaps the same one, and commits of Durable
 * Objects with their alarms.
 */
export type Commits = { postgres: number; objects: ObjectCommits };

/** Commits to disk of one operation and of all that follows from it. */
export type CommitFigures = {
  postgres: number;
  objects: number;
  byObject: ObjectCommits;
  /** Of so many bytes, appended and flushed, one after another in as many files as there are connections. */
  bareCommitsPerSecond: number;
};

/** What some work commits, until nothing follows from it any more. */
export async function countCommits(stack: BenchStack, work: () => Promise<unknown>): Promise<Commits> {
  const before = await countFlushes(stack);
  const objects = await watchObjectCommits(stack.objectsFolder);
  await work();
  await untilAllIsDone(stack);
  return { objects: await objects.stop(), postgres: (await countFlushes(stack)) - before };
}

/** Counted apart from the measured load, which looking at the objects' logs would disturb. */
export async function measureCommits(
  stack: BenchStack,
  { performer }: Operation,
  connections: number,
): Promise<CommitFigures> {
  let operations = 0;
  const { postgres, objects } = await countCommits(stack, async () => {
    const origin = stack.addresses.api;
    operations = await performTimes({ origin, connections, performer, operationsMin: OPERATIONS_MIN });
  });
  const byObject = Object.fromEntries(
    Object.entries(objects).map(([name, commits]) => [name, commits / operations]),
  );
  return {
    postgres: postgres / operations,
    objects: Object.values(byObject).reduce((sum, commits) => sum + commits, 0),
    byObject,
    bareCommitsPerSecond: await commitBarely(join(stack.objectsFolder, "..", "bare"), connections),
  };
}

const Count = z.tuple([z.object({ count: z.coerce.number() })]);

/** A server process of Postgres that has become idle reports what it did ten seconds later. */
const HAVE_REPORTED = `not exists (
  select from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid() and state_change > now() - interval '10.5 seconds')`;
const REPORTED_MS_MAX = 60_000;

async function countFlushes(stack: BenchStack): Promise<number> {
  const database = new Client({ connectionString: stack.addresses.services.postgres });
  await database.connect();
  try {
    await until("the database was at rest", REPORTED_MS_MAX, () => holds(database, HAVE_REPORTED));
    const { rows } = await database.query(
      `select coalesce(sum(fsyncs), 0) as count from pg_stat_io
       where object = 'wal' and backend_type = 'client backend'`,
    );
    return Count.parse(rows)[0].count;
  } finally {
    await database.end();
  }
}

/** The commits that this disk makes in a second. */
async function commitBarely(folder: string, lanes: number): Promise<number> {
  await mkdir(folder, { recursive: true });
  const bytes = Buffer.alloc(BARE_BYTES, 1);
  const deadline = performance.now() + BARE_SECONDS * 1_000;
  try {
    const commits = await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        const file = await open(join(folder, String(lane)), "w");
        let made = 0;
        try {
          while (performance.now() < deadline) {
            await file.write(bytes);
            await file.datasync();
            made += 1;
          }
        } finally {
          await file.close();
        }
        return made;
      }),
    );
    return commits.reduce((sum, made) => sum + made, 0) / BARE_SECONDS;
  } finally {
    await rm(folder, { recursive: true });
  }
}
