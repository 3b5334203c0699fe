import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { randomText } from "./random-text.ts";

/** How a delivery is signed. Everything but `valid` is what a forger would send; `wrong_secret` is a key of his own. */
export const SIGNINGS = ["valid", "wrong_secret", "stale_timestamp", "altered_body", "missing"] as const;
export type Signing = (typeof SIGNINGS)[number];

const Row = z.object({
  id: z.string(),
  event_id: z.string(),
  event_type: z.string(),
  endpoint_id: z.string(),
  kind: z.enum(["original", "duplicate", "forged"]),
  signing: z.enum(SIGNINGS),
  body: z.string(),
  status: z.enum(["pending", "delivered", "failed", "dropped"]),
  attempts: z.number(),
  due_at_ms: z.number(),
  give_up_at_ms: z.number(),
  response_status: z.number().nullable(),
  response_body: z.string().nullable(),
});
export type Delivery = z.infer<typeof Row>;

export type NewDelivery = Pick<
  Delivery,
  "event_id" | "event_type" | "endpoint_id" | "kind" | "signing" | "body"
> & {
  status: "pending" | "dropped";
  due_at_ms: number;
};

export type Attempt = {
  status: Delivery["status"];
  due_at_ms: number;
  response_status: number | null;
  response_body: string | null;
};

export type DeliveryTable = {
  add: (delivery: NewDelivery) => void;
  find: (id: string) => Delivery | undefined;
  /** Newest first. */
  list: (limit: number) => Delivery[];
  /** Pending ones in the order in which they fall due. */
  pending: (limit: number) => Delivery[];
  recordAttempt: (id: string, attempt: Attempt) => void;
  /** Makes a delivery due at once, whatever became of it before. */
  revive: (id: string, nowMs: number) => void;
  cancelForEndpoint: (endpointId: string) => void;
  /** Endpoints that have yet to accept the event. */
  pendingEndpoints: (eventId: string) => number;
};

const GIVE_UP_AFTER_MS = 3 * 24 * 60 * 60 * 1000;

export function createDeliveryTable(database: DatabaseSync): DeliveryTable {
  const insert = database.prepare(
    `insert into deliveries (id, event_id, event_type, endpoint_id, kind, signing, body, status, attempts,
       due_at_ms, give_up_at_ms) values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
  );
  const update = database.prepare(
    `update deliveries set attempts = attempts + 1, status = ?, due_at_ms = ?, response_status = ?,
       response_body = ? where id = ?`,
  );
  const pending = database.prepare(
    "select * from deliveries where status = 'pending' order by due_at_ms, sequence limit ?",
  );
  const countPending = database.prepare(
    `select count(*) as total from deliveries
     where event_id = ? and kind = 'original' and status in ('pending', 'dropped')`,
  );

  return {
    add: (delivery) => {
      insert.run(
        `wd_${randomText(24)}`,
        delivery.event_id,
        delivery.event_type,
        delivery.endpoint_id,
        delivery.kind,
        delivery.signing,
        delivery.body,
        delivery.status,
        delivery.due_at_ms,
        delivery.due_at_ms + GIVE_UP_AFTER_MS,
      );
    },
    find: (id) => Row.optional().parse(database.prepare("select * from deliveries where id = ?").get(id)),
    list: (limit) =>
      Row.array().parse(
        database.prepare("select * from deliveries order by sequence desc limit ?").all(limit),
      ),
    pending: (limit) => Row.array().parse(pending.all(limit)),
    recordAttempt: (id, attempt) => {
      update.run(attempt.status, attempt.due_at_ms, attempt.response_status, attempt.response_body, id);
    },
    revive: (id, nowMs) => {
      database
        .prepare("update deliveries set status = 'pending', due_at_ms = ?, give_up_at_ms = ? where id = ?")
        .run(nowMs, nowMs + GIVE_UP_AFTER_MS, id);
    },
    cancelForEndpoint: (endpointId) => {
      database
        .prepare("update deliveries set status = 'failed' where endpoint_id = ? and status = 'pending'")
        .run(endpointId);
    },
    pendingEndpoints: (eventId) => z.number().parse(countPending.get(eventId)?.["total"]),
  };
}
