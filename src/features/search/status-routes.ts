import type { App, AppRequest } from "#http/app-types";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, json, problems } from "#http/openapi";
import { DriftReport, SearchStatus } from "./status-schema.ts";

type Context = AppRequest["var"]["context"];

/** How true the index is; given by the composition, since features do not know how the index is kept. */
export type IndexCare = {
  readonly status: (context: Context) => Promise<SearchStatus>;
  readonly check: (context: Context) => Promise<DriftReport>;
};

const tags = ["search"];

export function createStatusRoutes(care: IndexCare): App {
  const routes = createRouter();
  routes.openapi(
    describeRoute({
      tags,
      method: "get",
      path: "/admin/search/status",
      summary: "How true the search index is: lag, backlog and repairs",
      responses: { 200: json(SearchStatus, "As it is now."), ...problems() },
    }),
    async (request) => request.json(await care.status(request.var.context), 200),
  );
  routes.openapi(
    describeRoute({
      tags,
      method: "post",
      path: "/admin/search/check",
      summary: "Compare the whole search index with the catalogue, and repair what differs",
      description:
        "A part is compared every minute by itself. Products are compared in buckets by one hash each; only where they differ single products are read.",
      request: { headers: keyHeaders },
      responses: {
        200: json(DriftReport, "What was found."),
        ...problems(...keyErrors),
      },
    }),
    async (request) => request.json(await writeOnce(request, { status: 200 }, care.check), 200),
  );
  return routes;
}
