import { z } from "zod";
import { parseJson } from "./publish-routes.ts";
import { checkName } from "./publish.ts";
import type { QueueContext } from "./queue-context.ts";
import type { NamedQueue } from "./queue-store.ts";
import { Refusal } from "./refusal.ts";
import { done, json, type Call, type Reply, type Route } from "./route.ts";

const UpsertQueue = z.object({
  queueName: z.string(),
  parallelism: z.int().min(1).optional(),
  paused: z.boolean().optional(),
});

export const queueRoutes: Route[] = [
  {
    method: "GET",
    path: "/v2/queues",
    answer: (context) =>
      json(
        200,
        context.store.queues.all().map((queue) => wireQueue(context, queue)),
      ),
  },
  {
    method: "POST",
    path: "/v2/queues",
    answer(context, call) {
      const { store, clock } = context;
      const { queueName, parallelism, paused } = parseJson(UpsertQueue, call.body);
      checkName(queueName, "queue name");
      store.queues.ensure(queueName, clock.now());
      if (parallelism !== undefined) store.queues.setParallelism(queueName, parallelism, clock.now());
      if (paused !== undefined) store.queues.setPaused(queueName, paused, clock.now());
      return done;
    },
  },
  {
    method: "GET",
    path: "/v2/queues/:name",
    answer: (context, call) => json(200, wireQueue(context, existingQueue(context, call))),
  },
  {
    method: "DELETE",
    path: "/v2/queues/:name",
    answer({ store }, call) {
      const name = call.parameter("name");
      store.messages.removeQueue(name);
      store.queues.remove(name);
      return done;
    },
  },
  {
    method: "POST",
    path: "/v2/queues/:name/pause",
    answer: (context, call) => setPaused(context, call, true),
  },
  {
    method: "POST",
    path: "/v2/queues/:name/resume",
    answer: (context, call) => setPaused(context, call, false),
  },
];

function setPaused(context: QueueContext, call: Call, paused: boolean): Reply {
  const { name } = existingQueue(context, call);
  context.store.queues.setPaused(name, paused, context.clock.now());
  return done;
}

function existingQueue({ store }: QueueContext, call: Call): NamedQueue {
  const name = call.parameter("name");
  const queue = store.queues.find(name);
  if (!queue) throw new Refusal(404, `queue ${name} not found`);
  return queue;
}

function wireQueue({ store }: QueueContext, queue: NamedQueue) {
  return { ...queue, lag: store.messages.countInQueue(queue.name) };
}
