import { z } from "zod";

/** What an attribute can be: a text, a number, yes or no, or several of its choices. */
export const AttributeValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
export type AttributeValue = z.infer<typeof AttributeValue>;

/** By key; which keys there are and what they may be, the attributes' definitions say. */
export const Attributes = z.record(z.string(), AttributeValue);
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Texts by key that only the shop's own people and programs see; whatever they want to remember. */
export const Metadata = z.record(z.string(), z.string());
export type Metadata = Readonly<Record<string, string>>;

export const attributeTypes = ["text", "number", "boolean", "choice", "choices"] as const;
export type AttributeType = (typeof attributeTypes)[number];

export const attributeOwners = ["product", "variant"] as const;
export type AttributeOwner = (typeof attributeOwners)[number];

export const attributeLimits = {
  textCharactersMax: 1_000,
  choicesMax: 250,
  attributesPerOwnerMax: 50,
  metadataKeysMax: 50,
  metadataCharactersMax: 500,
  definitionsMax: 500,
} as const;

export type AttributeDefinition = {
  readonly key: string;
  readonly appliesTo: AttributeOwner;
  readonly type: AttributeType;
  readonly choices: readonly string[];
  readonly version: number;
};

/** Why the value does not fit the definition, or undefined when it does. */
export function misfitOf(definition: AttributeDefinition, value: AttributeValue): string | undefined {
  const { type, choices } = definition;
  const offered = choices.slice(0, 10).join(", ");
  switch (type) {
    case "text":
      return typeof value === "string" ? undefined : "must be a text";
    case "number":
      return typeof value === "number" ? undefined : "must be a number";
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "choice":
      return typeof value === "string" && choices.includes(value) ? undefined : `must be one of ${offered}`;
    case "choices":
      return Array.isArray(value) && value.every((each) => choices.includes(each))
        ? undefined
        : `must be a list of some of ${offered}`;
  }
}

/** The same choices always in the same order, each once; other values as they are. */
export function settledValue({ choices }: AttributeDefinition, value: AttributeValue): AttributeValue {
  return Array.isArray(value) ? choices.filter((choice) => value.includes(choice)) : value;
}
