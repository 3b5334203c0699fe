import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { plainText } from "#core/text";
import { reviewLimits } from "./rules.ts";

export const ReviewId = idSchema("review");

/** Several lines: no control characters but those that end lines and indent. */
const text = new RegExp(String.raw`^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]+$`, "u");

const rating = z.int().min(1).max(5);
const title = z.string().trim().max(reviewLimits.titleCharactersMax).regex(plainText).nullable();
const body = z.string().trim().max(reviewLimits.bodyCharactersMax).regex(text);
const author = z.string().trim().max(reviewLimits.authorCharactersMax).regex(plainText);

export const NewReview = z
  .strictObject({
    rating,
    title: title.default(null),
    body,
    author: author.optional().openapi({ description: "The name to show; else the first of the account's." }),
  })
  .openapi("NewReview");
export type NewReview = z.infer<typeof NewReview>;

export const ReviewPatch = z.strictObject({ rating, title, body, author }).partial().openapi("ReviewPatch");
export type ReviewPatch = z.infer<typeof ReviewPatch>;

export const reviewStatuses = ["pending", "approved", "rejected"] as const;
const status = z.enum(reviewStatuses);

export const Moderation = z
  .strictObject({
    status: z.enum(["approved", "rejected"]),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(reviewLimits.reasonCharactersMax)
      .regex(text)
      .nullable()
      .default(null)
      .openapi({ description: "Told to the buyer." }),
  })
  .openapi("ReviewModeration");
export type Moderation = z.infer<typeof Moderation>;

export const ReviewWire = z
  .object({
    id: z.string(),
    product_id: z.string(),
    rating: z.int(),
    title: z.string().nullable(),
    body: z.string(),
    author: z.string(),
    verified_buyer: z.literal(true).openapi({ description: "Only who bought the product may review it." }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Review");
export type ReviewWire = z.infer<typeof ReviewWire>;

export const OwnReviewWire = ReviewWire.extend({
  status: status.openapi({ description: "Others see it when it is approved." }),
  reason: z.string().nullable().openapi({ description: "Why it was rejected, if the staff says." }),
  version: z.int(),
}).openapi("OwnReview");
export type OwnReviewWire = z.infer<typeof OwnReviewWire>;

export const StaffReviewWire = OwnReviewWire.extend({
  user_id: z.string(),
  moderated_by: z.string().nullable(),
  moderated_at: z.iso.datetime().nullable(),
}).openapi("StaffReview");
export type StaffReviewWire = z.infer<typeof StaffReviewWire>;

export const reviewSorts = ["newest", "highest", "lowest"] as const;
