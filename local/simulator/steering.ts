import { z } from "zod";
import type { Clock } from "./clock.ts";
import { SIGNINGS, type Delivery, type DeliveryTable } from "./delivery-table.ts";
import { Faults, type FaultSettings, Strike } from "./faults.ts";
import type { Announcement } from "./webhook-queue.ts";

const DELIVERIES_SHOWN_DEFAULT = 100;
const DELIVERIES_SHOWN_MAX = 1_000;
const ADVANCE_SECONDS_MAX = 10 * 365 * 24 * 60 * 60;

/** A webhook that no event stands behind: it claims something of an object, and is signed in the given way. */
const Forgery = z.strictObject({
  event_type: z.string().min(1),
  object: z.string().min(1),
  claims: z.record(z.string(), z.unknown()).default({}),
  /** What it claims beside the object, such as another account or mode. */
  event_claims: z.record(z.string(), z.unknown()).default({}),
  signing: z.enum(SIGNINGS).default("wrong_secret"),
});
export type Forgery = z.infer<typeof Forgery>;

const FaultChanges = Faults.partial().extend({ forge: Forgery.optional() });
const ClockChange = z.strictObject({ advance_seconds: z.number().positive().max(ADVANCE_SECONDS_MAX) });

export type SteeringAnswer = { status: number; body: unknown };

export type SteeringRequest = { method: string; path: string; query: URLSearchParams; body: string };

export type ApiCall = { method: string; path: string };

export type SteeringDependencies = {
  clock: Clock;
  deliveries: DeliveryTable;
  faults: FaultSettings;
  /** The API calls since the start or the last reset, oldest first. */
  calls: () => readonly ApiCall[];
  /** Runs what has come due and sends what is queued. */
  wake: () => void;
  reset: () => void;
  /** An event of this kind that says of the object what the forger claims; nothing when there is no such object. */
  forge: (forgery: Forgery) => Announcement | undefined;
  urlOfEndpoint: (endpointId: string) => string | null;
  /** Changes an object behind the API's back, as a provider that is mistaken would; false when there is none. */
  distort: (objectId: string, changes: Record<string, unknown>) => boolean;
  /** What this provider alone can be told to do, by method and path below `/_simulator/`. */
  extra: (action: string, body: string) => SteeringAnswer | undefined;
};

/** `POST /_simulator/faults`, `clock`, `reset`, `strikes`, `objects/:id`, `GET /_simulator/deliveries`, `calls`: how one steers. */
export function steer(dependencies: SteeringDependencies, request: SteeringRequest): SteeringAnswer {
  const { clock, faults, reset } = dependencies;
  const action = `${request.method} ${request.path.replace("/_simulator/", "")}`;
  switch (action) {
    case "GET faults":
      return ok(faults.current());
    case "POST faults":
      return changeFaults(dependencies, request.body);
    case "POST strikes":
      return aim(dependencies, request.body);
    case "POST strikes/lift":
      return lift(dependencies, request.body);
    case "GET deliveries":
      return listDeliveries(dependencies, request.query);
    case "GET calls":
      return ok({ data: dependencies.calls() });
    case "POST clock":
      return moveClock(dependencies, request.body);
    case "GET clock":
      return ok({ now: clock.nowSeconds() });
    case "POST reset":
      reset();
      return ok({ reset: true });
    default:
      return steerProvider(dependencies, action, request.body) ?? resend(dependencies, action);
  }
}

function steerProvider(
  { extra, distort, wake }: SteeringDependencies,
  action: string,
  body: string,
): SteeringAnswer | undefined {
  const id = /^POST objects\/(\w+)$/.exec(action)?.[1];
  if (id !== undefined) {
    const changes = readJson(body, z.record(z.string(), z.unknown()));
    if (!changes.success) return refused(z.prettifyError(changes.error));
    return distort(id, changes.data) ? ok({ distorted: id }) : refused(`There is no object ${id}.`);
  }
  const answer = extra(action, body);
  if (answer !== undefined) wake();
  return answer;
}

export function ok(body: unknown): SteeringAnswer {
  return { status: 200, body };
}

export function refused(message: string): SteeringAnswer {
  return { status: 400, body: { error: message } };
}

function changeFaults(dependencies: SteeringDependencies, body: string): SteeringAnswer {
  const { clock, deliveries, faults } = dependencies;
  const parsed = readJson(body, FaultChanges);
  if (!parsed.success) return refused(z.prettifyError(parsed.error));
  const { forge: forgery, ...changes } = parsed.data;
  faults.change(changes);
  if (forgery === undefined) return ok(faults.current());
  const forged = dependencies.forge(forgery);
  if (forged === undefined) return refused(`There is no object ${forgery.object}.`);
  for (const endpointId of forged.endpointIds) {
    deliveries.add({
      event_id: forged.eventId,
      event_type: forged.eventType,
      endpoint_id: endpointId,
      kind: "forged",
      signing: forgery.signing,
      body: forged.body,
      status: "pending",
      due_at_ms: clock.nowMs(),
    });
  }
  dependencies.wake();
  return ok(faults.current());
}

/** A fault for one payment; its neighbours notice nothing. */
function aim({ faults }: SteeringDependencies, body: string): SteeringAnswer {
  const strike = readJson(body, Strike);
  if (!strike.success) return refused(z.prettifyError(strike.error));
  faults.aim(strike.data);
  return ok(strike.data);
}

function lift({ faults }: SteeringDependencies, body: string): SteeringAnswer {
  const lifted = readJson(body, z.strictObject({ containing: z.string().min(1) }));
  if (!lifted.success) return refused(z.prettifyError(lifted.error));
  faults.lift(lifted.data.containing);
  return ok(lifted.data);
}

function moveClock({ clock, wake }: SteeringDependencies, body: string): SteeringAnswer {
  const parsed = readJson(body, ClockChange);
  if (!parsed.success) return refused(z.prettifyError(parsed.error));
  clock.advance(parsed.data.advance_seconds);
  wake();
  return ok({ now: clock.nowSeconds() });
}

function listDeliveries(dependencies: SteeringDependencies, query: URLSearchParams): SteeringAnswer {
  const limit = z.coerce
    .number()
    .int()
    .min(1)
    .max(DELIVERIES_SHOWN_MAX)
    .safeParse(query.get("limit") ?? DELIVERIES_SHOWN_DEFAULT);
  if (!limit.success) return refused(z.prettifyError(limit.error));
  const data = dependencies.deliveries
    .list(limit.data)
    .map((delivery) => describeDelivery(dependencies, delivery));
  return ok({ data });
}

function describeDelivery({ urlOfEndpoint }: SteeringDependencies, delivery: Delivery) {
  return {
    id: delivery.id,
    event_id: delivery.event_id,
    event_type: delivery.event_type,
    url: urlOfEndpoint(delivery.endpoint_id),
    kind: delivery.kind,
    signing: delivery.signing,
    status: delivery.status,
    attempts: delivery.attempts,
    status_code: delivery.response_status,
    response_body: delivery.response_body,
    body: delivery.body,
  };
}

function resend(dependencies: SteeringDependencies, action: string): SteeringAnswer {
  const { clock, deliveries, wake } = dependencies;
  const id = /^POST deliveries\/(\w+)\/resend$/.exec(action)?.[1];
  const delivery = id === undefined ? undefined : deliveries.find(id);
  if (delivery === undefined) return { status: 404, body: { error: "There is no such thing to steer." } };
  deliveries.revive(delivery.id, clock.nowMs());
  wake();
  return ok(describeDelivery(dependencies, { ...delivery, status: "pending" }));
}

export function readJson<Schema extends z.ZodType>(
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
