import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { SearchAnswer, SearchQuery } from "./schema.ts";
import { searchProducts } from "./search-products.ts";

/** For so long browsers and edges may answer by themselves. */
const maxAgeSeconds = 5;

export const searchRoutes = createRouter();

searchRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/search",
    tags: ["search"],
    summary: "Search products: words, filters, facets, highlights",
    request: { query: SearchQuery },
    responses: { 200: json(SearchAnswer, "A page of what was found."), ...problems() },
  }),
  async (request) => {
    const found = await searchProducts(request.var.context, request.req.valid("query"));
    const cacheable = found.degraded ? "no-store" : `public, max-age=${maxAgeSeconds}`;
    request.header("Cache-Control", cacheable);
    const { hits, total, facets, queryId, tookMs, degraded } = found;
    return request.json({ data: hits, total, facets, query_id: queryId, took_ms: tookMs, degraded }, 200);
  },
);
