import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { MetadataPatch } from "./attribute-inputs.ts";
import {
  MetadataWire,
  NewImage,
  categoryFields,
  newHandle,
  productLimits,
  safeText,
  soughtText,
} from "./schema.ts";

export const categoryLimits = { descriptionCharactersMax: 5_000, positionMax: 1_000_000 } as const;

/** A category as the staff sees it. */
export const AdminCategory = z
  .object({
    ...categoryFields,
    position: z.int(),
    metadata: MetadataWire,
    version: z.int(),
    former_handles: z.array(z.string()).openapi({ description: "Which still lead to it." }),
  })
  .openapi("AdminCategory");
export type AdminCategory = z.infer<typeof AdminCategory>;

export const CategoryParam = z.object({ id: idSchema("category") });

export const NewCategory = z
  .strictObject({
    title: safeText(productLimits.titleCharactersMax).min(1),
    handle: newHandle.optional().openapi({
      description: "Unless given, made from the titles from the top, joined by slashes.",
    }),
    parent: soughtText.nullable().default(null).openapi({ description: "Id or handle; null is the top." }),
  })
  .openapi("NewCategory");
export type NewCategory = z.infer<typeof NewCategory>;

const { title, handle, parent } = NewCategory.shape;

/** RFC 7396. */
export const CategoryPatch = z
  .strictObject({
    title,
    handle: handle.unwrap().openapi({
      description: "Handles below that begin with it change along; the former ones still lead here.",
    }),
    parent: parent
      .unwrap()
      .openapi({ description: "Id or handle of the category to be below; null is the top." }),
    description: z.string().max(categoryLimits.descriptionCharactersMax).nullable(),
    image: NewImage.nullable(),
    position: z.int().min(0).max(categoryLimits.positionMax).openapi({
      description: "Among its siblings, the lowest first; equal ones go by title.",
    }),
    metadata: MetadataPatch,
  })
  .partial()
  .openapi("CategoryPatch");
export type CategoryPatch = z.infer<typeof CategoryPatch>;
