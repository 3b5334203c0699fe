import { z } from "@hono/zod-openapi";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { listMisses, shownFromVisitors } from "./list-misses.ts";
import { SearchMiss } from "./miss-schema.ts";

export const missRoutes = createRouter();

missRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/admin/search/misses",
    tags: ["search"],
    summary: "What buyers searched for and did not find, the most frequent first",
    description: `Words alone, without filters; never e-mail addresses or long numbers, and only what ${shownFromVisitors} visitors or more asked for. They appear within a minute or two, and go when nobody has asked for 90 days.`,
    request: { query: z.strictObject(pageQuery) },
    responses: { 200: json(pageOf(SearchMiss), "A page of them."), ...problems("invalid_cursor") },
  }),
  async (request) => {
    const page = await listMisses(request.var.context, pageRequestOf(request.req.valid("query")));
    return request.json(
      pageToWire(page, (miss) => miss),
      200,
    );
  },
);
