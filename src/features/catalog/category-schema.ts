import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { MetadataPatch } from "./attribute-inputs.ts";
import { MetadataWire, NewCategory, NewImage } from "./schema.ts";

export const categoryLimits = { descriptionCharactersMax: 5_000, positionMax: 1_000_000 } as const;

/** A category as the staff sees it. */
export const AdminCategory = z
  .object({
    id: z.string(),
    handle: z.string(),
    title: z.string(),
    parent_id: z.string().nullable(),
    description: z.string(),
    image: z.object({ url: z.string(), alt: z.string() }).nullable(),
    position: z.int(),
    metadata: MetadataWire,
    version: z.int(),
    former_handles: z.array(z.string()).openapi({ description: "Which still lead to it." }),
  })
  .openapi("AdminCategory");
export type AdminCategory = z.infer<typeof AdminCategory>;

export const CategoryParam = z.object({ id: idSchema("category") });

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
