import { type OutboxBacklog, readOutboxBacklog } from "#events/read-backlog";
import { readPaymentBacklog } from "#features/payments/payment-backlog";
import type { Context } from "#platform/context";
import type { Metric } from "./exposition.ts";
import { type ReplicaLag, readReplicaLags } from "./replica-lag.ts";

/** How the search index keeps up; undefined where the search server does not answer. */
export type IndexLag =
  | {
      readonly documents: number;
      readonly tasks: number;
      readonly canarySeconds: number | undefined;
      readonly canaryWaitingSeconds: number;
    }
  | undefined;

export type SearchMeasures = { readonly index: IndexLag; readonly repaired: number };

/** Everything that operators watch, at once: a few index entries of the primary, and one question to each other. */
export async function readMetrics(
  context: Context,
  readSearch: (context: Context) => Promise<SearchMeasures>,
): Promise<Metric[]> {
  const [backlog, payments, lags, search] = await Promise.all([
    readOutboxBacklog(context),
    readPaymentBacklog(context),
    readReplicaLags(context),
    readSearch(context),
  ]);
  return [
    ...outboxMetrics(backlog),
    ...searchMetrics(backlog, search),
    ...replicaMetrics(lags),
    gauge(
      "tradewind_payment_events_waiting",
      "Payment events that are stored and not acted on",
      payments.events,
    ),
    gauge("tradewind_payment_events_oldest_seconds", "Age of the oldest of them", payments.seconds),
  ];
}

function outboxMetrics(backlog: OutboxBacklog): Metric[] {
  const lanes = (prompt: number, bulk: number) => [
    { labels: { lane: "prompt" }, value: prompt },
    { labels: { lane: "bulk" }, value: bulk },
  ];
  return [
    {
      name: "tradewind_outbox_events",
      help: "Events that wait to be delivered: bulk goes to search and caches, prompt to everybody else",
      kind: "gauge",
      samples: lanes(backlog.prompt_events, backlog.bulk_events),
    },
    {
      name: "tradewind_outbox_oldest_seconds",
      help: "Age of the oldest event that waits",
      kind: "gauge",
      samples: lanes(backlog.prompt_seconds, backlog.bulk_seconds),
    },
    gauge("tradewind_dead_letters", "Events that were given up and wait for a person", backlog.dead_letters),
  ];
}

function searchMetrics(backlog: OutboxBacklog, { index, repaired }: SearchMeasures): Metric[] {
  const lagSeconds = Math.max(
    backlog.bulk_seconds,
    index?.canarySeconds ?? 0,
    index?.canaryWaitingSeconds ?? 0,
  );
  return [
    gauge("tradewind_search_up", "Whether the search server answers", index === undefined ? 0 : 1),
    gauge("tradewind_search_lag_seconds", "How far searches are behind the catalogue", lagSeconds),
    gauge(
      "tradewind_search_lag_documents",
      "Changes that the index has not been told of",
      backlog.bulk_events,
    ),
    gauge("tradewind_search_documents", "Products in the index", index?.documents),
    gauge("tradewind_search_tasks", "Writes that Meilisearch has accepted and not done", index?.tasks),
    gauge(
      "tradewind_search_canary_seconds",
      "What the last canary needed from its event to the index",
      index?.canarySeconds,
    ),
    {
      name: "tradewind_search_repaired_products_total",
      help: "Products that comparisons with the catalogue had to repair",
      kind: "counter",
      samples: [{ value: repaired }],
    },
  ];
}

function replicaMetrics(lags: readonly (ReplicaLag | undefined)[]): Metric[] {
  const samples = (valueOf: (lag: ReplicaLag) => number) =>
    lags.flatMap((lag, index) =>
      lag === undefined ? [] : [{ labels: { replica: String(index) }, value: valueOf(lag) }],
    );
  return [
    {
      name: "tradewind_replica_up",
      help: "Whether a read replica answers",
      kind: "gauge",
      samples: lags.map((lag, index) => ({
        labels: { replica: String(index) },
        value: lag === undefined ? 0 : 1,
      })),
    },
    {
      name: "tradewind_replica_lag_seconds",
      help: "Age of what a replica replayed last, 0 where it has everything",
      kind: "gauge",
      samples: samples(({ seconds }) => seconds),
    },
    {
      name: "tradewind_replica_lag_bytes",
      help: "What a replica has not replayed of the primary's log",
      kind: "gauge",
      samples: samples(({ bytes }) => bytes),
    },
  ];
}

/** What is not known has no sample. */
function gauge(name: Metric["name"], help: string, value: number | undefined): Metric {
  return { name, help, kind: "gauge", samples: value === undefined ? [] : [{ value }] };
}
