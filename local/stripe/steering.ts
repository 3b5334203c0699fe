import type { Stripe } from "stripe";
import { z } from "zod";
import { SIGNINGS, type Delivery } from "./delivery-table.ts";
import { buildEvent } from "./events.ts";
import { Faults } from "./faults.ts";
import { NO_CAUSE, type Simulation } from "./simulation.ts";
import { subscribedEndpoints } from "./webhook-queue.ts";

const DELIVERIES_SHOWN_DEFAULT = 100;
const DELIVERIES_SHOWN_MAX = 1_000;
const ADVANCE_SECONDS_MAX = 10 * 365 * 24 * 60 * 60;

/** A webhook that no event stands behind: it claims something of an object, and is signed in the given way. */
const Forgery = z.strictObject({
  event_type: z.custom<Stripe.Event["type"]>((value) => typeof value === "string" && value !== ""),
  object: z.string().min(1),
  claims: z.record(z.string(), z.unknown()).default({}),
  signing: z.enum(SIGNINGS).default("wrong_secret"),
});

const FaultChanges = Faults.partial().extend({ forge: Forgery.optional() });
const ClockChange = z.strictObject({ advance_seconds: z.number().positive().max(ADVANCE_SECONDS_MAX) });

export type SteeringAnswer = { status: number; body: unknown };

export type SteeringDependencies = {
  simulation: Simulation;
  /** Runs what has come due and sends what is queued. */
  wake: () => void;
  reset: () => void;
};

/** `POST /_simulator/faults`, `clock`, `reset`, `GET /_simulator/deliveries`: how a person or a test steers. */
export function steer(
  { simulation, wake, reset }: SteeringDependencies,
  request: { method: string; path: string; query: URLSearchParams; body: string },
): SteeringAnswer {
  const action = `${request.method} ${request.path.replace("/_simulator/", "")}`;
  switch (action) {
    case "GET faults":
      return ok(simulation.faults.current());
    case "POST faults":
      return changeFaults(simulation, request.body, wake);
    case "GET deliveries":
      return listDeliveries(simulation, request.query);
    case "POST clock":
      return moveClock(simulation, request.body, wake);
    case "GET clock":
      return ok({ now: simulation.clock.nowSeconds() });
    case "POST reset":
      reset();
      return ok({ reset: true });
    default:
      return resend(simulation, action, wake);
  }
}

function ok(body: unknown): SteeringAnswer {
  return { status: 200, body };
}

function refused(message: string): SteeringAnswer {
  return { status: 400, body: { error: message } };
}

function changeFaults(simulation: Simulation, body: string, wake: () => void): SteeringAnswer {
  const parsed = readJson(body, FaultChanges);
  if (!parsed.success) return refused(z.prettifyError(parsed.error));
  const { forge, ...changes } = parsed.data;
  simulation.faults.change(changes);
  if (forge !== undefined) {
    const object = simulation.store.findAny(forge.object);
    if (object === undefined) return refused(`There is no object ${forge.object}.`);
    const work = { ...simulation, cause: NO_CAUSE };
    const event = buildEvent(work, forge.event_type, { object });
    const claimed = { ...event, data: { object: { ...object, ...forge.claims } } };
    for (const endpoint of subscribedEndpoints(simulation, forge.event_type)) {
      simulation.deliveries.add({
        event_id: event.id,
        event_type: forge.event_type,
        endpoint_id: endpoint.id,
        kind: "forged",
        signing: forge.signing,
        body: JSON.stringify(claimed),
        status: "pending",
        due_at_ms: simulation.clock.nowMs(),
      });
    }
    wake();
  }
  return ok(simulation.faults.current());
}

function moveClock(simulation: Simulation, body: string, wake: () => void): SteeringAnswer {
  const parsed = readJson(body, ClockChange);
  if (!parsed.success) return refused(z.prettifyError(parsed.error));
  simulation.clock.advance(parsed.data.advance_seconds);
  wake();
  return ok({ now: simulation.clock.nowSeconds() });
}

function listDeliveries(simulation: Simulation, query: URLSearchParams): SteeringAnswer {
  const limit = z.coerce
    .number()
    .int()
    .min(1)
    .max(DELIVERIES_SHOWN_MAX)
    .safeParse(query.get("limit") ?? DELIVERIES_SHOWN_DEFAULT);
  if (!limit.success) return refused(z.prettifyError(limit.error));
  const data = simulation.deliveries
    .list(limit.data)
    .map((delivery) => describeDelivery(simulation, delivery));
  return ok({ data });
}

function describeDelivery(simulation: Simulation, delivery: Delivery) {
  return {
    id: delivery.id,
    event_id: delivery.event_id,
    event_type: delivery.event_type,
    url: simulation.store.find("webhook_endpoint", delivery.endpoint_id)?.url ?? null,
    kind: delivery.kind,
    signing: delivery.signing,
    status: delivery.status,
    attempts: delivery.attempts,
    status_code: delivery.response_status,
    response_body: delivery.response_body,
    body: delivery.body,
  };
}

function resend(simulation: Simulation, action: string, wake: () => void): SteeringAnswer {
  const id = /^POST deliveries\/(\w+)\/resend$/.exec(action)?.[1];
  const delivery = id === undefined ? undefined : simulation.deliveries.find(id);
  if (delivery === undefined) return { status: 404, body: { error: "There is no such thing to steer." } };
  simulation.deliveries.revive(delivery.id, simulation.clock.nowMs());
  wake();
  return ok(describeDelivery(simulation, { ...delivery, status: "pending" }));
}

function readJson<Schema extends z.ZodType>(
  body: string,
  schema: Schema,
): z.ZodSafeParseResult<z.infer<Schema>> {
  const text = z.string().transform((json, context): unknown => {
    try {
      return JSON.parse(json);
    } catch {
      context.addIssue({ code: "custom", message: "The body is not JSON." });
      return z.NEVER;
    }
  });
  return text.pipe(schema).safeParse(body);
}
