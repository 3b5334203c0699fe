import { mkdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../sqlite-transaction.ts";

const SCHEMA = `
  create table if not exists objects (
    sequence integer primary key autoincrement,
    id       text not null unique,
    name     text not null,
    created  integer not null,
    body     text not null
  );
  create index if not exists objects_by_name on objects (name, sequence desc);
  create table if not exists idempotent_answers (
    idempotency_key text primary key,
    fingerprint     text not null,
    status          integer not null,
    body            text not null,
    expires_at      integer not null
  );
  create table if not exists deliveries (
    sequence        integer primary key autoincrement,
    id              text not null unique,
    event_id        text not null,
    event_type      text not null,
    endpoint_id     text not null,
    kind            text not null check (kind in ('original', 'duplicate', 'forged')),
    signing         text not null,
    body            text not null,
    status          text not null check (status in ('pending', 'delivered', 'failed', 'dropped')),
    attempts        integer not null,
    due_at_ms       integer not null,
    give_up_at_ms   integer not null,
    response_status integer,
    response_body   text
  );
  create index if not exists deliveries_due on deliveries (due_at_ms) where status = 'pending';
  create index if not exists deliveries_by_event on deliveries (event_id);
  create table if not exists timers (
    id        integer primary key autoincrement,
    kind      text not null,
    object_id text not null,
    due_at    integer not null,
    unique (kind, object_id)
  );
  create index if not exists timers_due on timers (due_at);
  create table if not exists settings (
    name  text primary key,
    value text not null
  );
`;

const TABLES = ["objects", "idempotent_answers", "deliveries", "timers", "settings"] as const;

/** `indexes` are statements for the objects that this provider looks up by more than their id. */
export function openDatabase(stateFolder: string, fileName: string, indexes: string): DatabaseSync {
  mkdirSync(stateFolder, { recursive: true });
  const database = new DatabaseSync(path.join(stateFolder, fileName));
  // With a write-ahead log, NORMAL keeps every commit across a killed process; only a power cut may lose the last ones.
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 2000;");
  database.exec(SCHEMA);
  database.exec(indexes);
  return database;
}

export function clearTables(database: DatabaseSync): void {
  inTransaction(database, () => {
    for (const table of TABLES) database.exec(`delete from ${table}`);
  });
}
