import { MeilisearchError } from "./meilisearch-error.ts";
import type { TaskCondition } from "./task-store.ts";

const LISTS: Record<string, { column: string; isNumber: boolean }> = {
  uids: { column: "uid", isNumber: true },
  batchUids: { column: "uid", isNumber: true },
  canceledBy: { column: "canceled_by", isNumber: true },
  statuses: { column: "status", isNumber: false },
  types: { column: "type", isNumber: false },
  indexUids: { column: "index_uid", isNumber: false },
};

const DATES: Record<string, { column: string; sign: "<" | ">" }> = {
  beforeEnqueuedAt: { column: "enqueued_at", sign: "<" },
  afterEnqueuedAt: { column: "enqueued_at", sign: ">" },
  beforeStartedAt: { column: "started_at", sign: "<" },
  afterStartedAt: { column: "started_at", sign: ">" },
  beforeFinishedAt: { column: "finished_at", sign: "<" },
  afterFinishedAt: { column: "finished_at", sign: ">" },
};

/** Whether a request names any filter at all: canceling or deleting tasks needs one. */
export function hasTaskFilter(query: URLSearchParams): boolean {
  return [...query.keys()].some((name) => name in LISTS || name in DATES);
}

/** The filters of `GET /tasks` as one SQL condition; column names come from the tables above only. */
export function taskConditionOf(query: URLSearchParams): TaskCondition {
  const condition: TaskCondition = { sql: "1 = 1", values: [] };
  for (const [name, text] of query) {
    if (text === "*") continue;
    const list = LISTS[name];
    const date = DATES[name];
    if (list !== undefined) addList(condition, list, { name, text });
    if (date !== undefined) {
      condition.sql += ` and ${date.column} ${date.sign} ?`;
      condition.values.push(isoDate(name, text));
    }
  }
  return condition;
}

function addList(
  condition: TaskCondition,
  { column, isNumber }: { column: string; isNumber: boolean },
  { name, text }: { name: string; text: string },
): void {
  const values = text.split(",").map((value) => value.trim());
  condition.sql += ` and ${column} in (${values.map(() => "?").join(", ")})`;
  for (const value of values) {
    if (isNumber && !/^\d+$/.test(value)) throw invalid(name, `\`${value}\` is not a task uid`);
    condition.values.push(isNumber ? Number(value) : value);
  }
}

function isoDate(name: string, text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw invalid(name, `\`${text}\` is an invalid date-time`);
  return date.toISOString();
}

function invalid(name: string, problem: string): MeilisearchError {
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return new MeilisearchError(`invalid_task_${snake}`, `Invalid value in parameter \`${name}\`: ${problem}.`);
}
