import { z } from "@hono/zod-openapi";
import { sha256Hex } from "#core/canonical-json";
import { noteSubject } from "#http/answer-subject";
import { isUnchanged, notModified } from "#http/conditional";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { productFilters } from "./list-filters.ts";
import { listProducts } from "./list-products.ts";
import { readCategories } from "./read-categories.ts";
import { readProduct } from "./read-product.ts";
import { CategoryNode, ProductParam, ProductWire } from "./schema.ts";
import { productEtag, productToWire } from "./wire.ts";

/**
 * How long browsers, edges and this isolate may answer by themselves: as long as an isolate believes its memory, and so
 * much longer while somebody fetches a newer answer, or while nobody can.
 */
const freshness = { freshSeconds: 2, whileRevalidateSeconds: 10, ifErrorSeconds: 600 };

export const catalogRoutes = createRouter();

catalogRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/products",
    summary: "List products",
    tags: ["catalogue"],
    request: { query: z.strictObject({ ...productFilters, ...pageQuery }) },
    responses: {
      200: json(pageOf(ProductWire), "A page of products on sale"),
      304: notModified,
      ...problems("invalid_cursor"),
    },
  }),
  async (request) => {
    const query = request.req.valid("query");
    const page = await listProducts(request.var.context, query, pageRequestOf(query));
    const shown = page.items.map((product) => product.id + productEtag(product));
    const etag = `"${await sha256Hex(JSON.stringify([shown, page.nextCursor, page.previousCursor]))}"`;
    if (isUnchanged(request, etag, freshness)) return request.body(null, 304);
    return request.json(pageToWire(page, productToWire), 200);
  },
);

catalogRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/products/{id}",
    summary: "Read a product",
    tags: ["catalogue"],
    request: { params: ProductParam },
    responses: { 200: json(ProductWire, "The product"), 304: notModified, ...problems("not_found") },
  }),
  async (request) => {
    const product = await readProduct(request.var.context, request.req.valid("param").id);
    noteSubject(request.req.raw, product.id);
    if (isUnchanged(request, productEtag(product), freshness)) return request.body(null, 304);
    return request.json(productToWire(product), 200);
  },
);

catalogRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/categories",
    summary: "Read the tree of categories",
    tags: ["catalogue"],
    responses: {
      200: json(z.object({ data: z.array(CategoryNode) }), "The top categories with all below them"),
      304: notModified,
      ...problems(),
    },
  }),
  async (request) => {
    const data = await readCategories(request.var.context);
    const etag = `"${await sha256Hex(JSON.stringify(data))}"`;
    if (isUnchanged(request, etag, freshness)) return request.body(null, 304);
    return request.json({ data }, 200);
  },
);
