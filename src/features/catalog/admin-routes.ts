import { z } from "@hono/zod-openapi";
import type { AppRequest } from "#http/app-types";
import { requiredVersion, versionEtag } from "#http/conditional";
import { requireContentType } from "#http/content-type";
import { describeRoute } from "#http/describe-route";
import { acceptsKey, keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, ifMatchHeader, json, jsonBody, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { readAdminProduct } from "./admin-product.ts";
import { archiveProduct } from "./archive-product.ts";
import { NewCategory } from "./category-schema.ts";
import { createCategory } from "./create-category.ts";
import { createProduct } from "./create-product.ts";
import { listStaffProducts } from "./list-staff-products.ts";
import { AdminProductWire, CategoryLink, NewProduct, ProductParam, ProductPatch } from "./schema.ts";
import { staffProductFilters } from "./staff-list-schema.ts";
import { updateProduct } from "./update-product.ts";
import { productToAdminWire } from "./wire.ts";

export const catalogAdminRoutes = createRouter();

const tags = ["catalogue (staff)"];

const versionProblems = ["not_found", "if_match_required", "version_mismatch"] as const;
const mergePatch = "application/merge-patch+json";

const versioned = {
  ...json(AdminProductWire, "The product as it stands now"),
  headers: { ETag: { schema: { type: "string", example: '"v7"' }, description: "Send it as If-Match." } },
} as const;
const ifMatch = z.object({
  ...acceptsKey,
  "if-match": ifMatchHeader,
});

catalogAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/products",
    summary: "Make a product with its variants",
    description:
      "Descriptions are HTML and keep a safe subset of it. A new product is a draft unless it says otherwise.",
    request: {
      headers: keyHeaders,
      body: jsonBody(NewProduct),
    },
    responses: {
      201: versioned,
      ...problems(...keyErrors, "handle_taken", "sku_taken"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const product = await writeOnce(request, { body: input, status: 201 }, (context) =>
      createProduct(context, input),
    );
    request.header("Location", `/admin/products/${product.id}`);
    describeVersion(request, product.version);
    return request.json(product, 201);
  },
);

catalogAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/categories",
    summary: "Make a category",
    request: { headers: keyHeaders, body: jsonBody(NewCategory) },
    responses: {
      201: json(CategoryLink, "The category"),
      ...problems(...keyErrors, "category_handle_taken"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const category = await writeOnce(request, { body: input, status: 201 }, (context) =>
      createCategory(context, input),
    );
    return request.json(category, 201);
  },
);

catalogAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/products",
    summary: "Products of any status",
    description: "As they are at this moment: what was written just now is among them.",
    request: { query: z.strictObject({ ...staffProductFilters, ...pageQuery }) },
    responses: {
      200: json(pageOf(AdminProductWire), "A page of products"),
      ...problems("invalid_cursor"),
    },
  }),
  async (request) => {
    const { limit, after, before, ...query } = request.req.valid("query");
    const page = await listStaffProducts(request.var.context, query, pageRequestOf({ limit, after, before }));
    request.header("Cache-Control", "private, no-store");
    return request.json(pageToWire(page, productToAdminWire), 200);
  },
);

catalogAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/products/{id}",
    summary: "Any product, whatever its status",
    request: { params: ProductParam },
    responses: { 200: versioned, ...problems("not_found") },
  }),
  async (request) => {
    const product = await readAdminProduct(request.var.context, request.req.valid("param").id);
    describeVersion(request, product.version);
    return request.json(productToAdminWire(product), 200);
  },
);

catalogAdminRoutes.openapi(
  describeRoute({
    tags,
    middleware: requireContentType(mergePatch),
    method: "patch",
    path: "/admin/products/{id}",
    summary: "Change a product",
    description:
      "A JSON merge patch (RFC 7396): members that are present replace, null empties, lists are replaced as a whole. Variants are known by their SKU.",
    request: {
      params: ProductParam,
      headers: ifMatch,
      body: { required: true, content: { [mergePatch]: { schema: ProductPatch } } },
    },
    responses: {
      200: versioned,
      ...problems(...versionProblems, ...keyErrors, "handle_taken", "sku_taken", "unsupported_media_type"),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const patch = request.req.valid("json");
    const expectedVersion = requiredVersion(request);
    const asked = { body: { expectedVersion, patch }, status: 200 };
    const product = await writeOnce(request, asked, async (context) =>
      productToAdminWire(await updateProduct(context, { id, expectedVersion, patch })),
    );
    describeVersion(request, product.version);
    return request.json(product, 200);
  },
);

catalogAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/admin/products/{id}",
    summary: "Archive a product",
    description: "It is off sale at once; orders that name it keep what they copied.",
    request: { params: ProductParam, headers: ifMatch },
    responses: {
      204: { description: "Archived, or it already was" },
      ...problems(...versionProblems, ...keyErrors),
    },
  }),
  async (request) => {
    const expectedVersion = requiredVersion(request);
    await writeOnce(request, { body: { expectedVersion }, status: 204 }, (context) =>
      archiveProduct(context, request.req.valid("param").id, expectedVersion),
    );
    return request.body(null, 204);
  },
);

function describeVersion(request: AppRequest, version: number): void {
  request.header("ETag", versionEtag(version));
  request.header("Cache-Control", "private, no-store");
}
