import { z } from "@hono/zod-openapi";
import { secondMs } from "#core/time";
import type { App } from "#http/app-types";
import { describeRoute } from "#http/describe-route";
import { createRouter, problems } from "#http/openapi";
import type { Context } from "#platform/context";
import { createIsolateMemory } from "#platform/isolate-memory";
import { expositionOf, expositionType } from "./exposition.ts";
import { type SearchMeasures, readMetrics } from "./read-metrics.ts";

/** Whoever asks again sooner gets the same text. */
const answerMs = 5 * secondMs;

/** @param readSearch given by the composition, since features do not know how the index is kept. */
export function createMetricsRoutes(readSearch: (context: Context) => Promise<SearchMeasures>): App {
  const routes = createRouter();
  const texts = createIsolateMemory<string>({ entriesMax: 1, lifeMs: answerMs });
  routes.openapi(metricsRoute, async (request) => {
    const { context } = request.var;
    let text = texts.get("metrics", context.now());
    if (text === undefined) {
      text = expositionOf(await readMetrics(context, readSearch));
      texts.set("metrics", text, context.now());
    }
    return request.text(text, 200, { "content-type": expositionType, "cache-control": "private, no-store" });
  });
  return routes;
}

const metricsRoute = describeRoute({
  method: "get",
  path: "/metrics",
  tags: ["operations"],
  summary: "What operators watch, as Prometheus reads it",
  description: [
    "Backlog and age of the outbox by lane, dead letters, how far search and the replicas are behind, payment events",
    "that wait. Give Prometheus an API key with `operations:read` as its bearer token.",
  ].join(" "),
  responses: {
    200: {
      description: "Prometheus' text format, version 0.0.4",
      content: { "text/plain": { schema: z.string() } },
    },
    ...problems(),
  },
});
