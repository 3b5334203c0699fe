import { sha256Hex } from "#core/canonical-json";
import { isUnchanged, notModified } from "#http/conditional";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems, writtenJson } from "#http/openapi";
import { hitToJson } from "./hit-text.ts";
import { SearchAnswer, SearchQuery } from "./schema.ts";
import { searchProducts } from "./search-products.ts";
import { SuggestQuery, Suggestions } from "./suggest-schema.ts";
import { suggest } from "./suggest.ts";

/**
 * Beginnings of words are typed by many, and what they lead to changes little: with what {@link suggest} remembers, a
 * change is seen 17 seconds after the index at the latest.
 */
const suggestionFreshness = { freshSeconds: 10, whileRevalidateSeconds: 5, ifErrorSeconds: 600 };

export const searchRoutes = createRouter();

searchRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/search",
    tags: ["search"],
    summary: "Search products: words, filters, facets, highlights",
    request: { query: SearchQuery },
    responses: { 200: json(SearchAnswer, "A page of what was found."), ...problems("busy") },
  }),
  async (request) => {
    const found = await searchProducts(request.var.context, request.req.valid("query"));
    // Results show the stock of this moment, which no copy may outlive.
    request.header("Cache-Control", "no-store");
    const { hits, total, facets, didYouMean, queryId, tookMs, degraded } = found;
    const rest = { total, facets, did_you_mean: didYouMean, query_id: queryId, took_ms: tookMs, degraded };
    const text = `{"data":[${hits.map(hitToJson).join()}],${JSON.stringify(rest).slice(1)}`;
    return writtenJson<SearchAnswer>(request, text);
  },
);

searchRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/search/suggest",
    tags: ["search"],
    summary: "Suggest products, brands and categories while somebody types",
    request: { query: SuggestQuery },
    responses: {
      200: json(Suggestions, "The most fitting first."),
      304: notModified,
      ...problems(),
    },
  }),
  async (request) => {
    const suggestions = await suggest(request.var.context, request.req.valid("query"));
    if (suggestions.degraded) request.header("Cache-Control", "no-store");
    else {
      const etag = `"${await sha256Hex(JSON.stringify(suggestions))}"`;
      if (isUnchanged(request, etag, suggestionFreshness)) return request.body(null, 304);
    }
    return request.json(suggestions, 200);
  },
);
