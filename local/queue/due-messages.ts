import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Message } from "./message.ts";
import { MessageRow } from "./message-store.ts";

const FlowControlKey = z.object({ flow_control_key: z.string() });

export type DueQuery = { now: number; limit: number; fullOrigins: string[] };

/** The questions of the dispatcher: which messages stand at the front of their line? */
export function createDueMessages(database: DatabaseSync) {
  const selectDueUnqueued = database.prepare(
    `select * from messages
     where state = 'pending' and due_at <= ? and queue_name is null and flow_control_key is null
       and destination_origin not in (select value from json_each(?))
     order by due_at, sequence limit ?`,
  );
  const selectQueueHeads = database.prepare(
    "select * from messages where queue_name = ? order by sequence limit ?",
  );
  const selectDueFlowKeys = database.prepare(
    `select distinct flow_control_key from messages
     where flow_control_key is not null and queue_name is null and state = 'pending' and due_at <= ?`,
  );
  const selectDueInFlow = database.prepare(
    `select * from messages
     where flow_control_key = ? and queue_name is null and state = 'pending' and due_at <= ?
       and destination_origin not in (select value from json_each(?))
     order by due_at, sequence limit ?`,
  );

  return {
    unqueued: ({ now, limit, fullOrigins }: DueQuery): Message[] =>
      selectDueUnqueued.all(now, JSON.stringify(fullOrigins), limit).map((row) => MessageRow.parse(row)),
    /** The oldest messages of a queue whatever their state: only these may be under way at the same time. */
    queueHeads: (queueName: string, parallelism: number): Message[] =>
      selectQueueHeads.all(queueName, parallelism).map((row) => MessageRow.parse(row)),
    flowKeys: (now: number): string[] =>
      selectDueFlowKeys.all(now).map((row) => FlowControlKey.parse(row).flow_control_key),
    inFlow: (key: string, { now, limit, fullOrigins }: DueQuery): Message[] =>
      selectDueInFlow.all(key, now, JSON.stringify(fullOrigins), limit).map((row) => MessageRow.parse(row)),
  };
}
