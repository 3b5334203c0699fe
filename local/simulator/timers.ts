import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

/** Something that the passing of time alone brings about. */
export type Timer<Kind extends string> = { kind: Kind; objectId: string };

export type TimerTable<Kind extends string> = {
  set: (timer: Timer<Kind>, dueAt: number) => void;
  cancel: (timer: Timer<Kind>) => void;
  /** Takes the earliest timer that is due out of the table. */
  takeDue: (nowSeconds: number) => Timer<Kind> | undefined;
  nextDueAt: () => number | undefined;
};

export function createTimerTable<Kind extends string>(
  database: DatabaseSync,
  kinds: readonly Kind[],
): TimerTable<Kind> {
  const Row = z.object({ id: z.number(), kind: z.enum(kinds), object_id: z.string() });
  const insert = database.prepare(
    `insert into timers (kind, object_id, due_at) values (?, ?, ?)
     on conflict (kind, object_id) do update set due_at = excluded.due_at`,
  );
  const earliest = database.prepare(
    "select id, kind, object_id from timers where due_at <= ? order by due_at, id limit 1",
  );
  const next = database.prepare("select min(due_at) as due_at from timers");

  return {
    set: ({ kind, objectId }, dueAt) => {
      insert.run(kind, objectId, dueAt);
    },
    cancel: ({ kind, objectId }) => {
      database.prepare("delete from timers where kind = ? and object_id = ?").run(kind, objectId);
    },
    takeDue: (nowSeconds) => {
      const found = earliest.get(nowSeconds);
      if (found === undefined) return undefined;
      const row = Row.parse(found);
      database.prepare("delete from timers where id = ?").run(row.id);
      return { kind: row.kind, objectId: row.object_id };
    },
    nextDueAt: () =>
      z
        .number()
        .nullable()
        .parse(next.get()?.["due_at"] ?? null) ?? undefined,
  };
}
