import { z } from "@hono/zod-openapi";
import { plainText } from "#core/text";
import { attributeLimits, attributeOwners, attributeTypes } from "./attributes.ts";

const title = z.string().trim().min(1).max(255).regex(plainText);
const choices = z
  .array(z.string().trim().min(1).max(255).regex(plainText))
  .min(1)
  .max(attributeLimits.choicesMax)
  .refine((list) => new Set(list).size === list.length, { message: "names each choice once" });

export const AttributeKey = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/)
  .openapi({ example: "fabric" });

const type = z.enum(attributeTypes).openapi({
  description: "`choice` is one of the choices, `choices` a list of some of them.",
});

export const NewAttributeDefinition = z
  .strictObject({
    key: AttributeKey,
    title,
    applies_to: z.enum(attributeOwners),
    type,
    choices: choices.optional().openapi({ description: "For `choice` and `choices`, and for nothing else." }),
  })
  .refine((body) => body.type.startsWith("choice") === (body.choices !== undefined), {
    path: ["choices"],
    message: "are needed for choice and choices, and for nothing else",
  })
  .openapi("NewAttributeDefinition");
export type NewAttributeDefinition = z.infer<typeof NewAttributeDefinition>;

export const AttributeDefinitionPatch = z
  .strictObject({ title: title.optional(), choices: choices.optional() })
  .openapi("AttributeDefinitionPatch");
export type AttributeDefinitionPatch = z.infer<typeof AttributeDefinitionPatch>;

export const AttributeDefinitionWire = z
  .object({
    key: z.string().openapi({ example: "fabric" }),
    title: z.string().openapi({ example: "Fabric" }),
    applies_to: z.enum(attributeOwners),
    type,
    choices: z.array(z.string()),
    version: z.int(),
  })
  .openapi("AttributeDefinition");
export type AttributeDefinitionWire = z.infer<typeof AttributeDefinitionWire>;
