import { z } from "zod";
import { parseJson } from "./publish-routes.ts";
import { checkName } from "./publish.ts";
import type { QueueContext } from "./queue-context.ts";
import { Refusal } from "./refusal.ts";
import { done, json, type Call, type Reply, type Route } from "./route.ts";
import type { Endpoint, UrlGroup } from "./url-group-store.ts";

const ENDPOINTS_MAX = 100;

const AddEndpoints = z.object({
  endpoints: z.array(z.object({ name: z.string().optional(), url: z.url({ protocol: /^https?$/ }) })),
});
const RemoveEndpoints = z.object({
  endpoints: z.array(z.object({ name: z.string().optional(), url: z.string().optional() })),
});

/** URL groups; the wire still calls them topics. */
export const urlGroupRoutes: Route[] = [
  { method: "GET", path: "/v2/topics", answer: ({ store }) => json(200, store.urlGroups.all()) },
  {
    method: "GET",
    path: "/v2/topics/:name",
    answer: (context, call) => json(200, existingGroup(context, call)),
  },
  {
    method: "DELETE",
    path: "/v2/topics/:name",
    answer(context, call) {
      context.store.urlGroups.remove(existingGroup(context, call).name);
      return done;
    },
  },
  { method: "POST", path: "/v2/topics/:name/endpoints", answer: addEndpoints },
  { method: "DELETE", path: "/v2/topics/:name/endpoints", answer: removeEndpoints },
];

function addEndpoints({ store, clock }: QueueContext, call: Call): Reply {
  const name = call.parameter("name");
  checkName(name, "URL group name");
  const added = parseJson(AddEndpoints, call.body).endpoints;
  const now = clock.now();
  const group = store.urlGroups.find(name) ?? { name, endpoints: [], createdAt: now, updatedAt: now };
  const kept = group.endpoints.filter((endpoint) => !added.some((newer) => isSame(newer, endpoint)));
  const endpoints = [...kept, ...added];
  if (endpoints.length > ENDPOINTS_MAX)
    throw new Refusal(400, `a URL group holds ${ENDPOINTS_MAX} endpoints`);
  store.urlGroups.save({ ...group, endpoints, updatedAt: now });
  return done;
}

/** A group whose last endpoint goes is deleted. */
function removeEndpoints(context: QueueContext, call: Call): Reply {
  const { store, clock } = context;
  const group = existingGroup(context, call);
  const removed = parseJson(RemoveEndpoints, call.body).endpoints;
  const endpoints = group.endpoints.filter(
    ({ name, url }) =>
      !removed.some((one) => (one.name !== undefined && one.name === name) || one.url === url),
  );
  if (endpoints.length === 0) store.urlGroups.remove(group.name);
  else store.urlGroups.save({ ...group, endpoints, updatedAt: clock.now() });
  return done;
}

function isSame(newer: Endpoint, older: Endpoint): boolean {
  return newer.name === undefined ? newer.url === older.url : newer.name === older.name;
}

function existingGroup({ store }: QueueContext, call: Call): UrlGroup {
  const name = call.parameter("name");
  const group = store.urlGroups.find(name);
  if (!group) throw new Refusal(404, `topic ${name} not found`);
  return group;
}
