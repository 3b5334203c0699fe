import { z } from "@hono/zod-openapi";
import type { App, AppRequest } from "#http/app-types";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, json, jsonBody, problems } from "#http/openapi";
import { RebuildJob, RebuildReport } from "./rebuild-schema.ts";

type Context = AppRequest["var"]["context"];

/** How the index is rebuilt; given by the composition, since features do not know how the index is kept. */
export type Rebuild = {
  readonly start: (context: Context) => Promise<RebuildReport>;
  readonly read: (context: Context) => Promise<RebuildReport>;
  readonly proceed: (context: Context, job: RebuildJob) => Promise<void>;
};

const tags = ["search"];

export function createRebuildRoutes(rebuild: Rebuild): App {
  const routes = createRouter();
  routes.openapi(
    describeRoute({
      tags,
      method: "post",
      path: "/admin/search/rebuild",
      summary: "Rebuild the search index from the catalogue",
      request: { headers: keyHeaders },
      responses: {
        202: json(RebuildReport, "The rebuild has begun."),
        ...problems(...keyErrors, "conflict"),
      },
    }),
    async (request) => request.json(await writeOnce(request, { status: 202 }, rebuild.start), 202),
  );
  routes.openapi(
    describeRoute({
      tags,
      method: "get",
      path: "/admin/search/rebuild",
      summary: "How far a rebuild of the search index has come",
      responses: {
        200: json(RebuildReport, "The one that runs and the last one."),
        ...problems(),
      },
    }),
    async (request) => request.json(await rebuild.read(request.var.context), 200),
  );
  routes.openapi(
    describeRoute({
      method: "post",
      path: "/jobs/search-rebuild",
      tags: ["operations"],
      summary: "Do the next step of a rebuild of the search index",
      request: { body: jsonBody(RebuildJob) },
      responses: {
        200: json(z.object({ done: z.literal(true) }), "The step is done; a repetition does no harm."),
        ...problems("malformed_json", "conflict"),
      },
    }),
    async (request) => {
      await rebuild.proceed(request.var.context, request.req.valid("json"));
      return request.json({ done: true as const }, 200);
    },
  );
  return routes;
}
