import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

import { mailboxOf, Message, type NewMessage } from "./message.ts";

/** The oldest go first; an inbox of a development machine is no archive. */
const MESSAGES_KEPT_MAX = 10_000;
export const MESSAGES_LISTED_MAX = 200;

export type MessageStore = {
  /** The id of the stored message. A known idempotency key stores nothing and gives the id of the first. */
  accept: (message: NewMessage) => string;
  /** Newest first, at most `MESSAGES_LISTED_MAX`; to one recipient, or to all of them. */
  list: (recipient?: string) => Message[];
  find: (id: string) => Message | undefined;
  close: () => void;
};

const SCHEMA = `
  create table if not exists messages (
    position integer primary key autoincrement,
    id text not null unique,
    mailbox text not null,
    "from" text not null,
    "to" text not null,
    subject text not null,
    text text not null,
    html text,
    idempotency_key text unique,
    created_at text not null
  ) strict;
  create index if not exists messages_by_mailbox on messages (mailbox, position desc);
`;
const COLUMNS = `id, "from", "to", subject, text, html, idempotency_key, created_at`;

export function openMessageStore(file: string): MessageStore {
  const database = new DatabaseSync(file);
  database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;");
  database.exec(SCHEMA);
  const insert = database.prepare(
    `insert into messages (${COLUMNS}, mailbox) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (idempotency_key) do nothing`,
  );
  const forgetOldest = database.prepare(
    "delete from messages where position <= (select max(position) from messages) - ?",
  );
  const byKey = database.prepare(`select ${COLUMNS} from messages where idempotency_key = ?`);
  const byId = database.prepare(`select ${COLUMNS} from messages where id = ?`);
  const newest = database.prepare(
    `select ${COLUMNS} from messages where ?1 is null or mailbox = ?1 order by position desc limit ?2`,
  );

  return {
    accept: (message) => {
      const { from, to, subject, text, html = null, idempotency_key: key = null } = message;
      const id = `msg_${randomUUID()}`;
      const createdAt = new Date().toISOString();
      const stored = insert.run(id, from, to, subject, text, html, key, createdAt, mailboxOf(to));
      if (stored.changes === 0) return Message.parse(byKey.get(key)).id;
      forgetOldest.run(MESSAGES_KEPT_MAX);
      return id;
    },
    list: (recipient) => {
      const mailbox = recipient === undefined ? null : mailboxOf(recipient);
      return newest.all(mailbox, MESSAGES_LISTED_MAX).map((row) => Message.parse(row));
    },
    find: (id) => Message.optional().parse(byId.get(id)),
    close: () => database.close(),
  };
}
