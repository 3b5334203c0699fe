import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const PARALLELISM_DEFAULT = 1;

export type NamedQueue = {
  name: string;
  parallelism: number;
  paused: boolean;
  createdAt: number;
  updatedAt: number;
};

const QueueRow = z
  .object({
    name: z.string(),
    parallelism: z.number(),
    paused: z.number(),
    created_at: z.number(),
    updated_at: z.number(),
  })
  .transform((row): NamedQueue => ({
    name: row.name,
    parallelism: row.parallelism,
    paused: row.paused === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));

export function createQueueStore(database: DatabaseSync) {
  const select = database.prepare("select * from queues where name = ?");
  const selectAll = database.prepare("select * from queues order by name");
  const ensure = database.prepare("insert into queues values (?, ?, 0, ?, ?) on conflict do nothing");
  const setParallelism = database.prepare("update queues set parallelism = ?, updated_at = ? where name = ?");
  const setPaused = database.prepare("update queues set paused = ?, updated_at = ? where name = ?");
  const remove = database.prepare("delete from queues where name = ?");

  return {
    find(name: string): NamedQueue | undefined {
      const row = select.get(name);
      return row && QueueRow.parse(row);
    },
    all: (): NamedQueue[] => selectAll.all().map((row) => QueueRow.parse(row)),
    /** A queue comes into being with its first message. */
    ensure: (name: string, now: number): void => void ensure.run(name, PARALLELISM_DEFAULT, now, now),
    setParallelism: (name: string, parallelism: number, now: number): void =>
      void setParallelism.run(parallelism, now, name),
    setPaused: (name: string, paused: boolean, now: number): void =>
      void setPaused.run(paused ? 1 : 0, now, name),
    remove: (name: string): void => void remove.run(name),
  };
}
