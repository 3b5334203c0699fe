import { z } from "@hono/zod-openapi";
import { plainText } from "#core/text";
import { attributeLimits } from "./attributes.ts";

const text = (charactersMax: number) => z.string().trim().min(1).max(charactersMax).regex(plainText);

const attributeKey = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, "lower-case letters, digits and _");
const attributeValue = z.union([
  text(attributeLimits.textCharactersMax),
  z.number().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER),
  z.boolean(),
  z.array(text(255)).max(attributeLimits.choicesMax),
]);
const metadataKey = z.string().min(1).max(64).regex(plainText);
const metadataText = z
  .string()
  .max(attributeLimits.metadataCharactersMax)
  .regex(/^[^\0]*$/u);

function atMost(count: number) {
  return (members: object) => Object.keys(members).length <= count;
}
const attributesMax = { message: `has ${attributeLimits.attributesPerOwnerMax} members at most` };
const metadataMax = { message: `has ${attributeLimits.metadataKeysMax} members at most` };

export const NewAttributes = z
  .record(attributeKey, attributeValue)
  .refine(atMost(attributeLimits.attributesPerOwnerMax), attributesMax)
  .openapi({
    maxProperties: attributeLimits.attributesPerOwnerMax,
    description: "Keys and types are defined at /admin/attributes.",
  });

export const NewMetadata = z
  .record(metadataKey, metadataText)
  .refine(atMost(attributeLimits.metadataKeysMax), metadataMax)
  .openapi({ maxProperties: attributeLimits.metadataKeysMax });

export const AttributesPatch = z
  .record(attributeKey, attributeValue.nullable())
  .refine(atMost(attributeLimits.attributesPerOwnerMax), attributesMax)
  .nullable()
  .openapi({
    maxProperties: attributeLimits.attributesPerOwnerMax,
    description: "null removes a member.",
  });

export const MetadataPatch = z
  .record(metadataKey, metadataText.nullable())
  .refine(atMost(attributeLimits.metadataKeysMax), metadataMax)
  .nullable()
  .openapi({ maxProperties: attributeLimits.metadataKeysMax, description: "null removes a member." });
