import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { newIdentifier } from "./identifier.ts";
import { DeliverySettings, Provenance, type Envelope } from "./message.ts";

const DAYS_KEPT = 7;
const DAY_MS = 86_400_000;

const ResponseHeader = z.record(z.string(), z.array(z.string()));

export type LastResponse = {
  /** 0 when the destination gave no answer. */
  status: number;
  header: Record<string, string[]>;
  body: Uint8Array;
};

/** A message that was given up, with the last answer of its destination. */
export type DeadLetter = Envelope & {
  dlqId: string;
  sequence: number;
  failedAt: number;
  response: LastResponse;
};

const DeadLetterRow = z
  .object({
    sequence: z.number(),
    id: z.string(),
    message_id: z.string(),
    url: z.string(),
    queue_name: z.string().nullable(),
    created_at: z.number(),
    not_before: z.number(),
    settings: z.string(),
    provenance: z.string(),
    body: z.instanceof(Uint8Array),
    failed_at: z.number(),
    response_status: z.number(),
    response_header: z.string(),
    response_body: z.instanceof(Uint8Array),
  })
  .transform((row): DeadLetter => ({
    dlqId: row.id,
    sequence: row.sequence,
    messageId: row.message_id,
    url: row.url,
    queueName: row.queue_name ?? undefined,
    createdAt: row.created_at,
    notBefore: row.not_before,
    settings: DeliverySettings.parse(JSON.parse(row.settings)),
    provenance: Provenance.parse(JSON.parse(row.provenance)),
    body: row.body,
    failedAt: row.failed_at,
    response: {
      status: row.response_status,
      header: ResponseHeader.parse(JSON.parse(row.response_header)),
      body: row.response_body,
    },
  }));

export function createDeadLetterStore(database: DatabaseSync) {
  const insert = database.prepare(
    `insert into dead_letters (id, message_id, url, queue_name, created_at, not_before, settings, provenance, body,
       failed_at, response_status, response_header, response_body)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const select = database.prepare("select * from dead_letters where id = ?");
  const selectNewestFirst = database.prepare(
    "select * from dead_letters where sequence < ? order by sequence desc",
  );
  const remove = database.prepare("delete from dead_letters where id = ?");
  const removeExpired = database.prepare("delete from dead_letters where failed_at < ?");
  const count = database.prepare("select count(*) as count from dead_letters");

  return {
    add(message: Envelope, failure: { at: number; response: LastResponse }): string {
      removeExpired.run(failure.at - DAYS_KEPT * DAY_MS);
      const id = newIdentifier("dlq_");
      insert.run(
        id,
        message.messageId,
        message.url,
        message.queueName ?? null,
        message.createdAt,
        message.notBefore,
        JSON.stringify(message.settings),
        JSON.stringify(message.provenance),
        message.body,
        failure.at,
        failure.response.status,
        JSON.stringify(failure.response.header),
        failure.response.body,
      );
      return id;
    },
    find(id: string): DeadLetter | undefined {
      const row = select.get(id);
      return row && DeadLetterRow.parse(row);
    },
    /** Newest first, older than the cursor. */
    *before(cursor: number): Generator<DeadLetter> {
      for (const row of selectNewestFirst.iterate(cursor)) yield DeadLetterRow.parse(row);
    },
    remove: (id: string): boolean => remove.run(id).changes > 0,
    count: (): number => z.object({ count: z.number() }).parse(count.get()).count,
  };
}
