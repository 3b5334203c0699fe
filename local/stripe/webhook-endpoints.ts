import { randomBytes } from "node:crypto";
import { Stripe } from "stripe";
import { z } from "zod";
import { noSuch } from "./failure.ts";
import { newId } from "./ids.ts";
import { listPage, pagination } from "./list-page.ts";
import { expandable, mergeMetadata, metadata, parseParameters, truth } from "./parameters.ts";
import { answer, type Call, type Reply, type Simulation, type Work } from "./simulation.ts";

/** The endpoint that the simulator is started with; the others come by the API. */
const CONFIGURED_ENDPOINT_ID = "we_configured";

const EndpointFields = z.strictObject({
  ...expandable,
  description: z.string().optional(),
  disabled: truth.optional(),
  enabled_events: z.array(z.string()).min(1).optional(),
  metadata: metadata.optional(),
  url: z.url().optional(),
});
const CreateEndpoint = EndpointFields.extend({
  api_version: z.string().optional(),
  connect: truth.optional(),
  enabled_events: z.array(z.string()).min(1),
  url: z.url(),
});

/** The only answer that tells the signing secret. */
export function createWebhookEndpoint(work: Work, call: Call): Reply {
  const parameters = parseParameters(CreateEndpoint, call.fields);
  const endpoint = buildEndpoint(work, {
    id: newId("we"),
    url: parameters.url,
    secret: `whsec_${randomBytes(24).toString("hex")}`,
  });
  const described: Stripe.WebhookEndpoint = {
    ...endpoint,
    description: parameters.description ?? null,
    enabled_events: parameters.enabled_events,
    metadata: mergeMetadata({}, parameters.metadata),
  };
  work.store.save(described);
  return answer(described);
}

export function updateWebhookEndpoint(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(EndpointFields, call.fields);
  const endpoint = findEndpoint(work, id);
  const isDisabled = parameters.disabled ?? endpoint.status === "disabled";
  const updated: Stripe.WebhookEndpoint = {
    ...endpoint,
    description: parameters.description ?? endpoint.description,
    enabled_events: parameters.enabled_events ?? endpoint.enabled_events,
    metadata: mergeMetadata(endpoint.metadata, parameters.metadata),
    status: isDisabled ? "disabled" : "enabled",
    url: parameters.url ?? endpoint.url,
  };
  work.store.save(updated);
  return answer(withoutSecret(updated));
}

export function retrieveWebhookEndpoint(work: Work, _call: Call, id: string): Reply {
  return answer(withoutSecret(findEndpoint(work, id)));
}

export function deleteWebhookEndpoint(work: Work, _call: Call, id: string): Reply {
  findEndpoint(work, id);
  work.store.remove(id);
  work.deliveries.cancelForEndpoint(id);
  return answer({ id, object: "webhook_endpoint", deleted: true } satisfies Stripe.DeletedWebhookEndpoint);
}

export function listWebhookEndpoints(work: Work, call: Call): Reply {
  const parameters = parseParameters(z.strictObject(pagination), call.fields);
  const page = listPage(work, {
    name: "webhook_endpoint",
    url: "/v1/webhook_endpoints",
    parameters,
    conditions: [],
  });
  return answer({ ...page, data: page.data.map(withoutSecret) });
}

/** Undelivered webhooks follow the endpoint when the shop comes back at another address. */
export function configureEndpoint(
  simulation: Simulation,
  given: { url: string | undefined; secret: string; events: string[] },
): void {
  if (given.url === undefined) {
    simulation.store.remove(CONFIGURED_ENDPOINT_ID);
    return;
  }
  const { url, secret, events } = given;
  const endpoint = buildEndpoint(simulation, { id: CONFIGURED_ENDPOINT_ID, url, secret });
  simulation.store.save({ ...endpoint, enabled_events: events });
}

function buildEndpoint(
  simulation: Simulation,
  { id, url, secret }: { id: string; url: string; secret: string },
): Stripe.WebhookEndpoint {
  return {
    id,
    object: "webhook_endpoint",
    api_version: Stripe.API_VERSION,
    application: null,
    created: simulation.clock.nowSeconds(),
    description: null,
    enabled_events: ["*"],
    livemode: false,
    metadata: {},
    secret,
    status: "enabled",
    url,
  };
}

function withoutSecret({ secret: _secret, ...endpoint }: Stripe.WebhookEndpoint): Stripe.WebhookEndpoint {
  return endpoint;
}

function findEndpoint(work: Work, id: string): Stripe.WebhookEndpoint {
  const endpoint = work.store.find("webhook_endpoint", id);
  if (endpoint === undefined) throw noSuch("webhook endpoint", id, "id");
  return endpoint;
}
