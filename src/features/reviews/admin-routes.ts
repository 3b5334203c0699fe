import { z } from "@hono/zod-openapi";
import { requiredVersion, versionEtag } from "#http/conditional";
import { requireContentType } from "#http/content-type";
import { describeRoute } from "#http/describe-route";
import { acceptsKey, keyErrors, writeOnce } from "#http/idempotency";
import { createRouter, ifMatchHeader, json, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { moderateReview } from "./change-review.ts";
import { listReviewsToModerate } from "./list-reviews.ts";
import { presentToStaff } from "./present-review.ts";
import { Moderation, ReviewId, StaffReviewWire, reviewStatuses } from "./schema.ts";

export const reviewAdminRoutes = createRouter();

const tags = ["reviews (staff)"];
const mergePatch = "application/merge-patch+json";

reviewAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/reviews",
    summary: "Reviews of one status, the oldest first",
    request: { query: z.strictObject({ status: z.enum(reviewStatuses).default("pending"), ...pageQuery }) },
    responses: { 200: json(pageOf(StaffReviewWire), "A page"), ...problems("invalid_cursor") },
  }),
  async (request) => {
    const { status, ...query } = request.req.valid("query");
    const page = await listReviewsToModerate(request.var.context, status, pageRequestOf(query));
    request.header("Cache-Control", "private, no-store");
    return request.json(pageToWire(page, presentToStaff), 200);
  },
);

reviewAdminRoutes.openapi(
  describeRoute({
    tags,
    middleware: requireContentType(mergePatch),
    method: "patch",
    path: "/admin/reviews/{id}",
    summary: "Approve or reject a review",
    description:
      "If-Match makes sure that it is the text which was read: buyers may change theirs at any time.",
    request: {
      params: z.object({ id: ReviewId }),
      headers: z.object({ ...acceptsKey, "if-match": ifMatchHeader }),
      body: { required: true, content: { [mergePatch]: { schema: Moderation } } },
    },
    responses: {
      200: json(StaffReviewWire, "The review as it stands now"),
      ...problems(
        "not_found",
        "if_match_required",
        "version_mismatch",
        "unsupported_media_type",
        ...keyErrors,
      ),
    },
  }),
  async (request) => {
    const at = { id: request.req.valid("param").id, version: requiredVersion(request) };
    const moderation = request.req.valid("json");
    const review = await writeOnce(request, { body: { at, moderation }, status: 200 }, (context) =>
      moderateReview(context, at, moderation),
    );
    request.header("ETag", versionEtag(review.version));
    return request.json(review, 200);
  },
);
