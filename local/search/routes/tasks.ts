import { MeilisearchError } from "../meilisearch-error.ts";
import { hasTaskFilter, taskConditionOf } from "../task-filter.ts";
import type { Task, TaskCondition, TaskStore } from "../task-store.ts";
import { accepted, type Call, ok, pagingOf, type Reply, type Route, type Services } from "./route.ts";

export const taskRoutes: Route[] = [
  {
    method: "GET",
    path: "/tasks",
    action: "tasks.get",
    handle: ({ query }, { tasks }) =>
      ok(listTasks(query, tasks, { condition: taskConditionOf(query), view: viewOf })),
  },
  {
    method: "GET",
    path: "/tasks/:task",
    action: "tasks.get",
    handle: ({ parameter }, { tasks }) => ok(viewOf(tasks.findTask(uidOf(parameter("task"))))),
  },
  {
    method: "POST",
    path: "/tasks/cancel",
    action: "tasks.cancel",
    handle: (call, services) => onMatchingTasks(call, services, "taskCancelation"),
  },
  {
    method: "DELETE",
    path: "/tasks",
    action: "tasks.delete",
    handle: (call, services) => onMatchingTasks(call, services, "taskDeletion"),
  },
  {
    method: "GET",
    path: "/batches",
    action: "tasks.get",
    handle: ({ query }, { tasks }) => {
      const { sql, values } = taskConditionOf(query);
      const condition = { sql: `${sql} and started_at is not null`, values };
      return ok(listTasks(query, tasks, { condition, view: batchOf }));
    },
  },
  {
    method: "GET",
    path: "/batches/:task",
    action: "tasks.get",
    handle: ({ parameter }, { tasks }) => ok(batchOf(tasks.findTask(uidOf(parameter("task"))))),
  },
];

function onMatchingTasks(
  { query }: Call,
  services: Services,
  type: "taskCancelation" | "taskDeletion",
): Reply {
  if (!hasTaskFilter(query)) {
    throw new MeilisearchError(
      "missing_task_filters",
      "Query parameters to filter the tasks are missing. Available query parameters are: `uids`, `indexUids`, `statuses`, `types`, `canceledBy`, `beforeEnqueuedAt`, `afterEnqueuedAt`, `beforeStartedAt`, `afterStartedAt`, `beforeFinishedAt`, `afterFinishedAt`.",
    );
  }
  const matchedTasks = services.tasks.count(taskConditionOf(query));
  const counted = type === "taskCancelation" ? { canceledTasks: null } : { deletedTasks: null };
  const details = { matchedTasks, ...counted, originalFilter: `?${query}` };
  return accepted({ type, indexUid: null, details, payload: null }, services);
}

/** A page of tasks, newest first unless `reverse`; `next` is where the following page begins. */
function listTasks(
  query: URLSearchParams,
  tasks: TaskStore,
  { condition, view }: { condition: TaskCondition; view: (task: Task) => unknown },
) {
  const { limit } = pagingOf({ limit: query.get("limit") }, "task");
  const isReverse = query.get("reverse") === "true";
  const from = query.get("from");
  const start: TaskCondition =
    from === null
      ? condition
      : {
          sql: `${condition.sql} and uid ${isReverse ? ">=" : "<="} ?`,
          values: [...condition.values, uidOf(from)],
        };
  const found = tasks.list(start, isReverse ? "asc" : "desc", limit + 1);
  return {
    results: found.slice(0, limit).map(view),
    total: tasks.count(condition),
    limit,
    from: found[0]?.uid ?? null,
    next: found[limit]?.uid ?? null,
  };
}

function viewOf(task: Task) {
  const { durationMs, customMetadata, ...rest } = task;
  return {
    ...rest,
    batchUid: task.startedAt === null ? null : task.uid,
    duration: durationOf(durationMs),
    ...(customMetadata !== null && { customMetadata }),
  };
}

/** Tasks are not batched here: each is a batch of its own. */
function batchOf(task: Task) {
  return {
    uid: task.uid,
    progress: null,
    details: task.details ?? {},
    stats: {
      totalNbTasks: 1,
      status: { [task.status]: 1 },
      types: { [task.type]: 1 },
      indexUids: task.indexUid === null ? {} : { [task.indexUid]: 1 },
    },
    duration: durationOf(task.durationMs),
    startedAt: task.startedAt ?? task.enqueuedAt,
    finishedAt: task.finishedAt,
    batchStrategy: "each task is processed alone",
  };
}

function durationOf(durationMs: number | null): string | null {
  return durationMs === null ? null : `PT${(durationMs / 1000).toFixed(6)}S`;
}

function uidOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new MeilisearchError("invalid_task_uid", `\`${text}\` is not a task uid.`);
}
