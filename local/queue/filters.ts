import { z } from "zod";
import { Refusal } from "./refusal.ts";

/** What can be asked of a message, a dead letter or an event alike. */
export type Filterable = {
  messageId: string;
  url: string;
  time: number;
  callerIp: string;
  labels: readonly string[];
  topicName?: string | undefined;
  scheduleId?: string | undefined;
  queueName?: string | undefined;
  flowControlKey?: string | undefined;
  responseStatus?: number | undefined;
  dlqId?: string;
  state?: string;
};

/** Each filter's own values of one record: the record matches when any of them is asked for. */
const VALUES_BY_FILTER: Record<string, (record: Filterable) => readonly (string | number | undefined)[]> = {
  messageId: (record) => [record.messageId],
  messageIds: (record) => [record.messageId],
  dlqIds: (record) => [record.dlqId],
  url: (record) => [record.url],
  host: (record) => [new URL(record.url).host],
  path: (record) => [new URL(record.url).pathname],
  topicName: (record) => [record.topicName],
  scheduleId: (record) => [record.scheduleId],
  queueName: (record) => [record.queueName],
  flowControlKey: (record) => [record.flowControlKey],
  responseStatus: (record) => [record.responseStatus],
  callerIp: (record) => [record.callerIp],
  callerIP: (record) => [record.callerIp],
  label: (record) => record.labels,
  state: (record) => (IN_PROGRESS.has(record.state) ? [record.state, "IN_PROGRESS"] : [record.state]),
};

const IN_PROGRESS: ReadonlySet<string | undefined> = new Set(["ACTIVE", "RETRY", "ERROR"]);

const COUNT_DEFAULT = 100;
const COUNT_MAX = 1000;

const Paging = z.object({
  count: z.coerce.number().int().min(1).max(COUNT_MAX).default(COUNT_DEFAULT),
  /** The sequence of the last record of the page before. */
  cursor: z.coerce.number().int().default(Number.MAX_SAFE_INTEGER),
  fromDate: z.coerce.number().default(Number.NEGATIVE_INFINITY),
  toDate: z.coerce.number().default(Number.POSITIVE_INFINITY),
});

export type Selection = {
  count: number;
  cursor: number;
  matches: (record: Filterable) => boolean;
};

/** Filters are joined by "and", the values of one filter by "or". An unknown filter is refused, lest it select all. */
export function parseSelection(query: URLSearchParams): Selection {
  const paging = Paging.safeParse(Object.fromEntries(query));
  if (!paging.success) throw new Refusal(400, `invalid ${paging.error.issues[0]?.path.join(".")}`);
  const { count, cursor, fromDate, toDate } = paging.data;

  const names = [...new Set(query.keys())].filter((name) => !(name in Paging.shape));
  const conditions = names.map((name) => {
    const valuesOf = VALUES_BY_FILTER[name];
    if (!valuesOf) throw new Refusal(400, `unknown filter: ${name}`);
    const wanted = new Set(query.getAll(name).flatMap((values) => values.split(",")));
    return (record: Filterable) => valuesOf(record).some((value) => wanted.has(String(value)));
  });
  return {
    count,
    cursor,
    matches: (record) =>
      record.time >= fromDate && record.time <= toDate && conditions.every((condition) => condition(record)),
  };
}

export type Page<Item> = { items: Item[]; cursor: string | undefined };

/** The first `count` records that match, with a cursor when there are more. */
export function selectPage<Item extends { sequence: number }>(
  records: Iterable<Item>,
  selection: Pick<Selection, "count"> & { matches: (item: Item) => boolean },
): Page<Item> {
  const items: Item[] = [];
  for (const record of records) {
    if (!selection.matches(record)) continue;
    if (items.length === selection.count) return { items, cursor: String(items.at(-1)?.sequence) };
    items.push(record);
  }
  return { items, cursor: undefined };
}
