import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SCHEMA = `
create table if not exists messages (
  sequence integer primary key autoincrement,
  id text not null unique,
  url text not null,
  destination_origin text not null,
  state text not null check (state in ('pending', 'active')),
  due_at integer not null,
  retried integer not null,
  queue_name text,
  flow_control_key text,
  created_at integer not null,
  not_before integer not null,
  settings text not null,
  provenance text not null,
  body blob not null
) strict;
create index if not exists messages_due on messages (state, due_at);
create index if not exists messages_unqueued on messages (state, due_at, sequence)
  where queue_name is null and flow_control_key is null;
create index if not exists messages_queue on messages (queue_name, sequence) where queue_name is not null;
create index if not exists messages_flow on messages (flow_control_key, state, due_at)
  where flow_control_key is not null;

create table if not exists dead_letters (
  sequence integer primary key autoincrement,
  id text not null unique,
  message_id text not null,
  url text not null,
  queue_name text,
  created_at integer not null,
  not_before integer not null,
  settings text not null,
  provenance text not null,
  body blob not null,
  failed_at integer not null,
  response_status integer not null,
  response_header text not null,
  response_body blob not null
) strict;

create table if not exists events (
  sequence integer primary key autoincrement,
  event text not null
) strict;

create table if not exists event_totals (state text primary key, total integer not null) strict;

create table if not exists queues (
  name text primary key,
  parallelism integer not null,
  paused integer not null,
  created_at integer not null,
  updated_at integer not null
) strict;

create table if not exists flow_controls (
  key text primary key,
  parallelism integer not null,
  rate integer not null,
  period_seconds integer not null,
  period_started_at integer not null,
  period_count integer not null,
  paused integer not null,
  pinned_parallelism integer not null,
  pinned_rate integer not null
) strict;

create table if not exists url_groups (
  name text primary key,
  endpoints text not null,
  created_at integer not null,
  updated_at integer not null
) strict;

create table if not exists schedules (
  id text primary key,
  cron text not null,
  destination text not null,
  headers text not null,
  body blob not null,
  caller_ip text not null,
  queue_name text,
  paused integer not null,
  created_at integer not null,
  last_at integer,
  next_at integer not null
) strict;

create table if not exists deduplications (
  key text primary key,
  message_id text not null,
  expires_at integer not null
) strict;

create index if not exists deduplications_expiry on deduplications (expires_at);

create table if not exists signing_keys (
  only_row integer primary key check (only_row = 1),
  current text not null,
  next text not null,
  configured_current text not null,
  configured_next text not null
) strict;
`;

/**
 * Opens the queue's file, making it if missing. With the write-ahead log, `synchronous = full` syncs the log at
 * every commit: what was committed survives the loss of the process and of the machine.
 */
export function openDatabase(stateFolder: string): DatabaseSync {
  mkdirSync(stateFolder, { recursive: true });
  const database = new DatabaseSync(join(stateFolder, "queue.sqlite"));
  database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;");
  database.exec(SCHEMA);
  return database;
}
