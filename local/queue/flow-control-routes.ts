import { z } from "zod";
import { DELIVERIES_IN_FLIGHT_MAX } from "./delivery-slots.ts";
import { atTime, type FlowControl } from "./flow-control-store.ts";
import type { QueueContext } from "./queue-context.ts";
import { Refusal } from "./refusal.ts";
import { done, json, type Call, type Reply, type Route } from "./route.ts";

const Whole = z.coerce.number().int().min(1).optional();
const PinQuery = z.object({ parallelism: Whole, rate: Whole, period: Whole });

export const flowControlRoutes: Route[] = [
  {
    method: "GET",
    path: "/v2/flowControl",
    answer: (context) =>
      json(
        200,
        context.store.flowControls.all().map((control) => wireFlowControl(context, control)),
      ),
  },
  {
    method: "GET",
    path: "/v2/flowControl/:key",
    answer: (context, call) => json(200, wireFlowControl(context, existingControl(context, call))),
  },
  {
    method: "GET",
    path: "/v2/globalParallelism",
    answer: ({ store }) =>
      json(200, {
        parallelismMax: DELIVERIES_IN_FLIGHT_MAX,
        parallelismCount: store.messages.countByState().active,
      }),
  },
  {
    method: "POST",
    path: "/v2/flowControl/:key/pause",
    answer: (context, call) => change(context, call, { paused: true }),
  },
  {
    method: "POST",
    path: "/v2/flowControl/:key/resume",
    answer: (context, call) => change(context, call, { paused: false }),
  },
  { method: "POST", path: "/v2/flowControl/:key/pin", answer: pin },
  {
    method: "POST",
    path: "/v2/flowControl/:key/unpin",
    answer: (context, call) =>
      change(context, call, {
        ...(call.query.get("parallelism") === "true" && { pinnedParallelism: false }),
        ...(call.query.get("rate") === "true" && { pinnedRate: false }),
      }),
  },
  {
    method: "POST",
    path: "/v2/flowControl/:key/resetRate",
    answer: (context, call) =>
      change(context, call, { periodCount: 0, periodStartedAt: Math.floor(context.clock.now() / 1000) }),
  },
];

function pin(context: QueueContext, call: Call): Reply {
  const query = PinQuery.safeParse(Object.fromEntries(call.query));
  if (!query.success) throw new Refusal(400, "parallelism, rate and period must be whole numbers above 0");
  const { parallelism, rate, period } = query.data;
  return change(context, call, {
    ...(parallelism !== undefined && { parallelism, pinnedParallelism: true }),
    ...(rate !== undefined && { rate, periodSeconds: period ?? 1, pinnedRate: true }),
  });
}

function change(context: QueueContext, call: Call, difference: Partial<FlowControl>): Reply {
  context.store.flowControls.save({ ...existingControl(context, call), ...difference });
  return done;
}

function existingControl({ store }: QueueContext, call: Call): FlowControl {
  const key = call.parameter("key");
  const control = store.flowControls.find(key);
  if (!control) throw new Refusal(404, `flow control key ${key} not found`);
  return control;
}

function wireFlowControl({ store, clock }: QueueContext, stored: FlowControl) {
  const control = atTime(stored, clock.now());
  return {
    flowControlKey: control.key,
    waitListSize: store.messages.countDueInFlow(control.key, clock.now()),
    parallelismMax: control.parallelism,
    parallelismCount: store.messages.countActiveInFlow(control.key),
    rateMax: control.rate,
    rateCount: control.periodCount,
    ratePeriod: control.periodSeconds,
    ratePeriodStart: control.periodStartedAt,
    isPaused: control.paused,
    isPinnedParallelism: control.pinnedParallelism,
    isPinnedRate: control.pinnedRate,
  };
}
