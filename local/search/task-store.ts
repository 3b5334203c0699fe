import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { z } from "zod";
import { type ErrorBody, MeilisearchError } from "./meilisearch-error.ts";

const TaskType = z.enum([
  "documentAdditionOrUpdate",
  "documentDeletion",
  "settingsUpdate",
  "indexCreation",
  "indexDeletion",
  "indexUpdate",
  "indexSwap",
  "taskCancelation",
  "taskDeletion",
  "indexCompaction",
]);
type TaskType = z.infer<typeof TaskType>;

const TaskStatus = z.enum(["enqueued", "processing", "succeeded", "failed", "canceled"]);
type TaskStatus = z.infer<typeof TaskStatus>;

export type TaskDetails = Record<string, unknown>;

export type Task = {
  uid: number;
  type: TaskType;
  indexUid: string | null;
  status: TaskStatus;
  details: TaskDetails | null;
  error: ErrorBody | null;
  customMetadata: string | null;
  canceledBy: number | null;
  enqueuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  durationMs: number | null;
};

export type NewTask = {
  type: TaskType;
  indexUid: string | null;
  details: TaskDetails | null;
  payload: unknown;
  customMetadata?: string | null;
};

const Json = z.string().transform((text): unknown => JSON.parse(text));

const TaskRow = z
  .object({
    uid: z.number(),
    type: TaskType,
    index_uid: z.string().nullable(),
    status: TaskStatus,
    details: Json.pipe(z.record(z.string(), z.unknown())).nullable(),
    error: Json.pipe(
      z.object({ message: z.string(), code: z.string(), type: z.string(), link: z.string() }),
    ).nullable(),
    custom_metadata: z.string().nullable(),
    canceled_by: z.number().nullable(),
    enqueued_at: z.string(),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    duration_ms: z.number().nullable(),
  })
  .transform((row): Task => ({
    uid: row.uid,
    type: row.type,
    indexUid: row.index_uid,
    status: row.status,
    details: row.details,
    error: row.error,
    customMetadata: row.custom_metadata,
    canceledBy: row.canceled_by,
    enqueuedAt: row.enqueued_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    durationMs: row.duration_ms,
  }));

const COLUMNS =
  "uid, type, index_uid, status, details, error, custom_metadata, canceled_by, enqueued_at, started_at, finished_at, duration_ms";

/** Finished tasks beyond this many are forgotten, oldest first. */
const TASKS_KEPT = 100_000;
const PRUNE_EVERY = 1000;

/** A condition on tasks in SQL, made by `taskConditionOf`. */
export type TaskCondition = { sql: string; values: SQLInputValue[] };

export type TaskStore = ReturnType<typeof createTaskStore>;

/** The durable queue and log of tasks. A payload is kept until its task has finished. */
export function createTaskStore(database: DatabaseSync) {
  const insert = database.prepare(
    `insert into tasks (uid, type, index_uid, status, details, payload, custom_metadata, enqueued_at)
     values ((select seq + 1 from sqlite_sequence where name = 'tasks'), ?, ?, 'enqueued', ?, ?, ?, ?)
     returning ${COLUMNS}`,
  );
  const selectOne = database.prepare(`select ${COLUMNS} from tasks where uid = ?`);
  const selectPayload = database.prepare("select payload from tasks where uid = ?");
  const selectNext = database.prepare(
    `select ${COLUMNS} from tasks where status = 'enqueued'
     order by type not in ('taskCancelation', 'taskDeletion'), uid limit 1`,
  );
  const markStarted = database.prepare(
    "update tasks set status = 'processing', started_at = ? where uid = ?",
  );
  const markFinished = database.prepare(
    "update tasks set status = ?, details = ?, error = ?, finished_at = ?, duration_ms = ?, payload = null where uid = ?",
  );
  const prune = database.prepare(
    "delete from tasks where uid <= ? and status not in ('enqueued', 'processing')",
  );
  const selectUnfinished = database.prepare(
    "select distinct index_uid from tasks where status = 'processing' and index_uid is not null",
  );

  const findTask = (uid: number): Task => {
    const row = selectOne.get(uid);
    if (row === undefined) throw new MeilisearchError("task_not_found", `Task \`${uid}\` not found.`);
    return TaskRow.parse(row);
  };

  return {
    findTask,

    /** Commits the task; only then may the 202 go out. */
    enqueue({ type, indexUid, details, payload, customMetadata = null }: NewTask): Task {
      const now = new Date().toISOString();
      return TaskRow.parse(
        insert.get(type, indexUid, jsonOrNull(details), jsonOrNull(payload), customMetadata, now),
      );
    },

    /** A process that died half way through a task begins it again. */
    requeueInterrupted(): void {
      database.exec("update tasks set status = 'enqueued', started_at = null where status = 'processing'");
    },

    /** The oldest waiting task; cancelations and deletions of tasks go first. */
    next(): Task | undefined {
      const row = selectNext.get();
      return row === undefined ? undefined : TaskRow.parse(row);
    },

    payloadOf(task: Task): unknown {
      return z.object({ payload: Json.nullable() }).parse(selectPayload.get(task.uid)).payload;
    },

    start(task: Task): void {
      markStarted.run(new Date().toISOString(), task.uid);
    },

    finish(
      task: Task,
      outcome: { details: TaskDetails | null; error: ErrorBody | null; durationMs: number },
    ): void {
      const status: TaskStatus = outcome.error === null ? "succeeded" : "failed";
      markFinished.run(
        status,
        jsonOrNull(outcome.details),
        jsonOrNull(outcome.error),
        new Date().toISOString(),
        outcome.durationMs,
        task.uid,
      );
      if (task.uid % PRUNE_EVERY === 0) prune.run(task.uid - TASKS_KEPT);
    },

    /** Indexes with a task at work on them. */
    indexesBeingWritten(): Set<string> {
      const rows = z.array(z.object({ index_uid: z.string() })).parse(selectUnfinished.all());
      return new Set(rows.map((row) => row.index_uid));
    },

    list(condition: TaskCondition, order: "asc" | "desc", limit: number): Task[] {
      const rows = database
        .prepare(`select ${COLUMNS} from tasks where ${condition.sql} order by uid ${order} limit ?`)
        .all(...condition.values, limit);
      return z.array(TaskRow).parse(rows);
    },

    count(condition: TaskCondition): number {
      const row = database
        .prepare(`select count(*) as count from tasks where ${condition.sql}`)
        .get(...condition.values);
      return z.object({ count: z.number() }).parse(row).count;
    },

    cancelWaiting(condition: TaskCondition, canceledBy: number): number {
      const result = database
        .prepare(
          `update tasks set status = 'canceled', canceled_by = ?, finished_at = ?, payload = null
           where status = 'enqueued' and uid < ? and (${condition.sql})`,
        )
        .run(canceledBy, new Date().toISOString(), canceledBy, ...condition.values);
      return Number(result.changes);
    },

    removeFinished(condition: TaskCondition): number {
      const result = database
        .prepare(
          `delete from tasks where status in ('succeeded', 'failed', 'canceled') and (${condition.sql})`,
        )
        .run(...condition.values);
      return Number(result.changes);
    },
  };
}

function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
