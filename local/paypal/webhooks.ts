import { z } from "zod";
import { EVENT_TYPES } from "./events.ts";
import { PaypalFailure, unknownResource } from "./failure.ts";
import { newId } from "./ids.ts";
import { parseBody } from "./parameters.ts";
import type { StoredWebhook } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation } from "./simulation.ts";

const NewWebhook = z.looseObject({
  url: z.url().max(2048),
  event_types: z
    .array(z.looseObject({ name: z.string() }))
    .min(1)
    .max(500),
});

export function createWebhook(simulation: Simulation, call: Call): Reply {
  const { url, event_types: types } = parseBody(NewWebhook, call.body);
  if (simulation.store.all("webhook", [{ field: "url", operator: "=", value: url }]).length > 0) {
    throw new PaypalFailure(400, {
      name: "WEBHOOK_URL_ALREADY_EXISTS",
      message: "Webhook URL already exists",
    });
  }
  const names = types.map(({ name }) => name);
  const unknown = names.find((name) => name !== "*" && !EVENT_TYPES.includes(name));
  if (unknown !== undefined) {
    throw new PaypalFailure(400, {
      name: "VALIDATION_ERROR",
      message: `Not a valid webhook event: ${unknown}`,
    });
  }
  const webhook = buildWebhook(simulation, { id: newId(), url, eventTypes: names });
  simulation.store.save(webhook);
  return answer(201, describeWebhook(webhook, call.origin));
}

export function listWebhooks({ store }: Simulation, { origin }: Call): Reply {
  return answer(200, {
    webhooks: store.all("webhook", []).map((webhook) => describeWebhook(webhook, origin)),
  });
}

export function retrieveWebhook(simulation: Simulation, { origin }: Call, id: string): Reply {
  return answer(200, describeWebhook(findWebhook(simulation, id), origin));
}

export function deleteWebhook(simulation: Simulation, _call: Call, id: string): Reply {
  findWebhook(simulation, id);
  simulation.store.remove(id);
  simulation.deliveries.cancelForEndpoint(id);
  return answer(204, {});
}

/** The webhook that the simulator is started with; undelivered events follow it when the shop moves. */
export function configureWebhook(
  simulation: Simulation,
  { id, url, eventTypes }: { id: string; url: string | undefined; eventTypes: string[] },
): void {
  if (url === undefined) simulation.store.remove(id);
  else simulation.store.save(buildWebhook(simulation, { id, url, eventTypes }));
}

function buildWebhook(
  { clock }: Simulation,
  webhook: Pick<StoredWebhook, "id" | "url" | "eventTypes">,
): StoredWebhook {
  return { kind: "webhook", created: clock.nowSeconds(), ...webhook };
}

function findWebhook({ store }: Simulation, id: string): StoredWebhook {
  const webhook = store.find("webhook", id);
  if (webhook === undefined) throw unknownResource();
  return webhook;
}

function describeWebhook({ id, url, eventTypes }: StoredWebhook, origin: string): object {
  const self = `${origin}/v1/notifications/webhooks/${id}`;
  return {
    id,
    url,
    event_types: eventTypes.map((name) => ({ name })),
    links: [
      { href: self, rel: "self", method: "GET" },
      { href: self, rel: "delete", method: "DELETE" },
    ],
  };
}
