import { z } from "@hono/zod-openapi";
import { requiredVersion, versionEtag } from "#http/conditional";
import { requireContentType } from "#http/content-type";
import { describeRoute } from "#http/describe-route";
import { acceptsKey, keyErrors, writeOnce } from "#http/idempotency";
import { createRouter, ifMatchHeader, json, problems } from "#http/openapi";
import { AdminCategory, CategoryParam, CategoryPatch, NewCategory } from "./category-schema.ts";
import { changeCategory, readCategory, removeCategory } from "./change-category.ts";

export const categoryRoutes = createRouter();

const tags = ["catalogue (staff)"];
const mergePatch = "application/merge-patch+json";
const ifMatch = z.object({ ...acceptsKey, "if-match": ifMatchHeader });
const changeProblems = ["not_found", "if_match_required", "version_mismatch", ...keyErrors] as const;
const versioned = {
  ...json(AdminCategory, "The category as it stands now"),
  headers: { ETag: { schema: { type: "string", example: '"v7"' }, description: "Send it as If-Match." } },
} as const;

categoryRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/categories/{id}",
    summary: "Read a category with what only the staff sees",
    request: { params: CategoryParam },
    responses: { 200: versioned, ...problems("not_found") },
  }),
  async (request) => {
    const category = await readCategory(request.var.context, request.req.valid("param").id);
    request.header("ETag", versionEtag(category.version));
    return request.json(category, 200);
  },
);

categoryRoutes.openapi(
  describeRoute({
    tags,
    middleware: requireContentType(mergePatch),
    method: "patch",
    path: "/admin/categories/{id}",
    summary: "Rename, move or describe a category",
    description:
      "A JSON merge patch (RFC 7396). The tree shows it within seconds; products that tell of the category, lists and the search index follow, some thousand products a minute. Handles that it had before still find its products.",
    request: {
      params: CategoryParam,
      headers: ifMatch,
      body: { required: true, content: { [mergePatch]: { schema: CategoryPatch } } },
    },
    responses: {
      200: versioned,
      ...problems(...changeProblems, "category_handle_taken", "unsupported_media_type"),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const patch = request.req.valid("json");
    const version = requiredVersion(request);
    const category = await writeOnce(request, { body: { version, patch }, status: 200 }, (context) =>
      changeCategory(context, { id, version }, patch),
    );
    request.header("ETag", versionEtag(category.version));
    return request.json(category, 200);
  },
);

const removal = z.strictObject({
  move_products_to: NewCategory.shape.parent.unwrap().unwrap().optional().openapi({
    description: "Id or handle of the category that takes the products; needed where there are any.",
  }),
});

categoryRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/admin/categories/{id}",
    summary: "Delete a category",
    description:
      "It must have none below it. With `move_products_to` it leaves the tree at once, its handles lead to the other category, and its products follow as after a change.",
    request: { params: CategoryParam, headers: ifMatch, query: removal },
    responses: { 204: { description: "Deleted" }, ...problems(...changeProblems, "category_in_use") },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const { move_products_to: moveProductsTo } = request.req.valid("query");
    const version = requiredVersion(request);
    await writeOnce(
      request,
      { body: { version, moveProductsTo: moveProductsTo ?? null }, status: 204 },
      (context) => removeCategory(context, { id, version }, moveProductsTo),
    );
    return request.body(null, 204);
  },
);
