import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { DeliverySettings, Provenance, type Message } from "./message.ts";

const nullToUndefined = z
  .string()
  .nullable()
  .transform((value) => value ?? undefined);

export const MessageRow = z
  .object({
    id: z.string(),
    url: z.string(),
    state: z.enum(["pending", "active"]),
    due_at: z.number(),
    retried: z.number(),
    queue_name: nullToUndefined,
    created_at: z.number(),
    not_before: z.number(),
    settings: z.string(),
    provenance: z.string(),
    body: z.instanceof(Uint8Array),
  })
  .transform((row): Message => ({
    messageId: row.id,
    url: row.url,
    state: row.state,
    dueAt: row.due_at,
    retried: row.retried,
    queueName: row.queue_name,
    createdAt: row.created_at,
    notBefore: row.not_before,
    settings: DeliverySettings.parse(JSON.parse(row.settings)),
    provenance: Provenance.parse(JSON.parse(row.provenance)),
    body: row.body,
  }));

const Count = z.object({ count: z.number() });
const StateCount = z.object({ state: z.enum(["pending", "active"]), count: z.number() });
const OriginCount = z.object({ destination_origin: z.string(), count: z.number() });
const Time = z.object({ time: z.number().nullable() });

/** The messages that are not finished. A finished one is deleted: its events and dead letter tell the rest. */
export function createMessageStore(database: DatabaseSync) {
  const insert = database.prepare(
    `insert into messages (id, url, destination_origin, state, due_at, retried, queue_name, flow_control_key,
       created_at, not_before, settings, provenance, body)
     values (?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const select = database.prepare("select * from messages where id = ?");
  const selectAll = database.prepare("select * from messages order by sequence");
  const selectNewest = database.prepare("select * from messages order by sequence desc limit ?");
  const remove = database.prepare("delete from messages where id = ?");
  const removeQueue = database.prepare("delete from messages where queue_name = ?");
  const activate = database.prepare("update messages set state = 'active' where id = ?");
  const reschedule = database.prepare(
    "update messages set state = 'pending', due_at = ?, retried = ? where id = ?",
  );
  const recover = database.prepare("update messages set state = 'pending' where state = 'active'");
  const countStates = database.prepare("select state, count(*) as count from messages group by state");
  const countActiveByOrigin = database.prepare(
    `select destination_origin, count(*) as count from messages
     where state = 'active' group by destination_origin`,
  );
  const countQueue = database.prepare("select count(*) as count from messages where queue_name = ?");
  const countFlow = database.prepare(
    "select count(*) as count from messages where flow_control_key = ? and state = ? and due_at <= ?",
  );
  const selectNextDue = database.prepare(
    "select min(due_at) as time from messages where state = 'pending' and due_at > ?",
  );
  return {
    insert(message: Message): void {
      insert.run(
        message.messageId,
        message.url,
        originOf(message),
        message.dueAt,
        message.retried,
        message.queueName ?? null,
        message.settings.flowControl?.key ?? null,
        message.createdAt,
        message.notBefore,
        JSON.stringify(message.settings),
        JSON.stringify(message.provenance),
        message.body,
      );
    },
    find(id: string): Message | undefined {
      const row = select.get(id);
      return row && MessageRow.parse(row);
    },
    *all(): Generator<Message> {
      for (const row of selectAll.iterate()) yield MessageRow.parse(row);
    },
    newest: (limit: number): Message[] => selectNewest.all(limit).map((row) => MessageRow.parse(row)),
    remove: (id: string): boolean => remove.run(id).changes > 0,
    removeQueue: (queueName: string): void => void removeQueue.run(queueName),
    activate: (id: string): void => void activate.run(id),
    reschedule(id: string, next: { dueAt: number; retried: number }): void {
      reschedule.run(next.dueAt, next.retried, id);
    },
    /** Deliveries that a crash cut short are made again: at least once, never none. */
    recoverActive: (): number => Number(recover.run().changes),
    countByState(): { pending: number; active: number } {
      const counts = { pending: 0, active: 0 };
      for (const row of countStates.all()) {
        const { state, count } = StateCount.parse(row);
        counts[state] = count;
      }
      return counts;
    },
    activeByOrigin: (): ReadonlyMap<string, number> =>
      new Map(
        countActiveByOrigin.all().map((row) => {
          const { destination_origin, count } = OriginCount.parse(row);
          return [destination_origin, count];
        }),
      ),
    countInQueue: (queueName: string): number => Count.parse(countQueue.get(queueName)).count,
    countActiveInFlow: (key: string): number =>
      Count.parse(countFlow.get(key, "active", Number.MAX_SAFE_INTEGER)).count,
    countDueInFlow: (key: string, now: number): number =>
      Count.parse(countFlow.get(key, "pending", now)).count,
    /** When the next message that is not due yet falls due; undefined when none waits. */
    nextDueAt: (now: number): number | undefined => Time.parse(selectNextDue.get(now)).time ?? undefined,
  };
}

export function originOf(message: { url: string }): string {
  return new URL(message.url).origin;
}
