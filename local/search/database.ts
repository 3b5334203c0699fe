import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SCHEMA = `
create table if not exists search_keys (
  uid text primary key,
  body text not null
) strict;
create table if not exists indexes (
  number integer primary key,
  uid text not null unique,
  primary_key text,
  settings text not null,
  created_at text not null,
  updated_at text not null
) strict;
create table if not exists documents (
  index_number integer not null references indexes (number) on delete cascade,
  id text not null,
  body text not null,
  primary key (index_number, id)
) strict, without rowid;
create table if not exists tasks (
  uid integer primary key autoincrement,
  type text not null,
  index_uid text,
  status text not null,
  details text,
  error text,
  payload text,
  custom_metadata text,
  canceled_by integer,
  enqueued_at text not null,
  started_at text,
  finished_at text,
  duration_ms real
) strict;
create index if not exists tasks_unfinished on tasks (uid) where status in ('enqueued', 'processing');
`;

/** Makes the first task number 0, which SQLite alone would not; numbers are never used twice. */
const SEED_TASK_NUMBERS = `
insert into sqlite_sequence (name, seq)
select 'tasks', -1 where not exists (select 1 from sqlite_sequence where name = 'tasks')`;

/** Opens the state of the search server. Write-ahead logging: what is committed survives a kill of the process. */
export function openDatabase(stateFolder: string): DatabaseSync {
  mkdirSync(stateFolder, { recursive: true });
  const database = new DatabaseSync(join(stateFolder, "search.sqlite"));
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on;");
  database.exec(SCHEMA);
  database.exec(SEED_TASK_NUMBERS);
  return database;
}
