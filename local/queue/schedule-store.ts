import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const Headers = z.record(z.string(), z.string());
const Bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);

const ScheduleRow = z
  .object({
    id: z.string(),
    cron: z.string(),
    destination: z.string(),
    headers: z.string(),
    body: Bytes,
    caller_ip: z.string(),
    queue_name: z.string().nullable(),
    paused: z.number(),
    created_at: z.number(),
    last_at: z.number().nullable(),
    next_at: z.number(),
  })
  .transform((row) => ({
    scheduleId: row.id,
    cron: row.cron,
    destination: row.destination,
    /** The headers of the request that made the schedule: each firing is published with them. */
    headers: Headers.parse(JSON.parse(row.headers)),
    body: row.body,
    callerIp: row.caller_ip,
    queueName: row.queue_name ?? undefined,
    paused: row.paused === 1,
    createdAt: row.created_at,
    lastAt: row.last_at ?? undefined,
    nextAt: row.next_at,
  }));
export type Schedule = z.infer<typeof ScheduleRow>;

export function createScheduleStore(database: DatabaseSync) {
  const select = database.prepare("select * from schedules where id = ?");
  const selectAll = database.prepare("select * from schedules order by created_at, id");
  const selectDue = database.prepare("select * from schedules where paused = 0 and next_at <= ?");
  const selectNext = database.prepare("select min(next_at) as time from schedules where paused = 0");
  const save = database.prepare("insert or replace into schedules values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const remove = database.prepare("delete from schedules where id = ?");

  return {
    find(id: string): Schedule | undefined {
      const row = select.get(id);
      return row && ScheduleRow.parse(row);
    },
    all: (): Schedule[] => selectAll.all().map((row) => ScheduleRow.parse(row)),
    due: (now: number): Schedule[] => selectDue.all(now).map((row) => ScheduleRow.parse(row)),
    nextAt: (): number | undefined =>
      z.object({ time: z.number().nullable() }).parse(selectNext.get()).time ?? undefined,
    save(schedule: Schedule): void {
      save.run(
        schedule.scheduleId,
        schedule.cron,
        schedule.destination,
        JSON.stringify(schedule.headers),
        schedule.body,
        schedule.callerIp,
        schedule.queueName ?? null,
        schedule.paused ? 1 : 0,
        schedule.createdAt,
        schedule.lastAt ?? null,
        schedule.nextAt,
      );
    },
    remove: (id: string): boolean => remove.run(id).changes > 0,
  };
}
