import { z } from "@hono/zod-openapi";
import { requiredVersion, versionEtag } from "#http/conditional";
import { requireContentType } from "#http/content-type";
import { describeRoute } from "#http/describe-route";
import { acceptsKey, keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, ifMatchHeader, json, jsonBody, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { changeOwnReview, removeOwnReview } from "./change-review.ts";
import { listOwnReviews, listReviews } from "./list-reviews.ts";
import { presentOwnReview, presentReview } from "./present-review.ts";
import { NewReview, OwnReviewWire, ReviewId, ReviewPatch, ReviewWire, reviewSorts } from "./schema.ts";
import { writeReview } from "./write-review.ts";

export const reviewRoutes = createRouter();

const tags = ["reviews"];
const mergePatch = "application/merge-patch+json";
const ofProduct = z.object({ id: z.string().min(1).max(255).openapi({ description: "Id or handle." }) });
const ofReview = z.object({ id: ReviewId });
const ifMatch = z.object({ ...acceptsKey, "if-match": ifMatchHeader });
const changeProblems = ["not_found", "if_match_required", "version_mismatch", ...keyErrors] as const;
const versioned = {
  ...json(OwnReviewWire, "The review as it stands now"),
  headers: { ETag: { schema: { type: "string", example: '"v1"' }, description: "Send it as If-Match." } },
} as const;

reviewRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/products/{id}/reviews",
    summary: "What buyers say of a product",
    request: {
      params: ofProduct,
      query: z.strictObject({
        sort: z.enum(reviewSorts).default("newest"),
        rating: z.coerce.number().int().min(1).max(5).optional(),
        ...pageQuery,
      }),
    },
    responses: {
      200: json(pageOf(ReviewWire), "A page of approved reviews"),
      ...problems("not_found", "invalid_cursor"),
    },
  }),
  async (request) => {
    const { sort, rating, ...query } = request.req.valid("query");
    const { id } = request.req.valid("param");
    const wanted = { productIdOrHandle: id, sort, rating };
    const page = await listReviews(request.var.context, wanted, pageRequestOf(query));
    request.header("Cache-Control", "public, max-age=2");
    return request.json(pageToWire(page, presentReview), 200);
  },
);

reviewRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/products/{id}/reviews",
    summary: "Review a product that one has bought",
    description: "One review a product; it shows, and counts, once the staff has approved it.",
    request: { params: ofProduct, headers: keyHeaders, body: jsonBody(NewReview) },
    responses: {
      201: versioned,
      ...problems("not_found", "review_needs_purchase", "review_exists", ...keyErrors),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const input = request.req.valid("json");
    const review = await writeOnce(request, { body: input, status: 201 }, (context) =>
      writeReview(context, id, input),
    );
    request.header("ETag", versionEtag(review.version));
    return request.json(review, 201);
  },
);

reviewRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/customers/me/reviews",
    summary: "One's own reviews, whatever their status",
    request: { query: z.strictObject(pageQuery) },
    responses: { 200: json(pageOf(OwnReviewWire), "A page"), ...problems("invalid_cursor") },
  }),
  async (request) => {
    const page = await listOwnReviews(request.var.context, pageRequestOf(request.req.valid("query")));
    request.header("Cache-Control", "private, no-store");
    return request.json(pageToWire(page, presentOwnReview), 200);
  },
);

reviewRoutes.openapi(
  describeRoute({
    tags,
    middleware: requireContentType(mergePatch),
    method: "patch",
    path: "/reviews/{id}",
    summary: "Change one's own review",
    description: "A JSON merge patch. The review waits for the staff's approval again.",
    request: {
      params: ofReview,
      headers: ifMatch,
      body: { required: true, content: { [mergePatch]: { schema: ReviewPatch } } },
    },
    responses: { 200: versioned, ...problems(...changeProblems, "unsupported_media_type") },
  }),
  async (request) => {
    const at = { id: request.req.valid("param").id, version: requiredVersion(request) };
    const patch = request.req.valid("json");
    const review = await writeOnce(request, { body: { at, patch }, status: 200 }, (context) =>
      changeOwnReview(context, at, patch),
    );
    request.header("ETag", versionEtag(review.version));
    return request.json(review, 200);
  },
);

reviewRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/reviews/{id}",
    summary: "Delete one's own review",
    request: { params: ofReview, headers: ifMatch },
    responses: { 204: { description: "Deleted" }, ...problems(...changeProblems) },
  }),
  async (request) => {
    const at = { id: request.req.valid("param").id, version: requiredVersion(request) };
    await writeOnce(request, { body: at, status: 204 }, (context) => removeOwnReview(context, at));
    return request.body(null, 204);
  },
);
