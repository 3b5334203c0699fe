import { z } from "@hono/zod-openapi";
import { plainText } from "#core/text";
import { passkeyLimits } from "./rules.ts";

const base64Url = z
  .string()
  .min(1)
  .max(16_384)
  .regex(/^[\w-]+$/, "must be base64url");

const Name = z
  .string()
  .trim()
  .min(1, { abort: true })
  .max(passkeyLimits.nameCharactersMax)
  .regex(plainText, "must not contain control characters")
  .openapi({ example: "My phone" });

/** Browsers send more than is needed; what is not known here is left out. */
const credential = {
  id: base64Url,
  rawId: base64Url,
  type: z.literal("public-key"),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
};

export const NewPasskeyCredential = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: base64Url,
      attestationObject: base64Url,
      transports: z.array(z.string().max(32)).max(8).default([]),
    }),
  })
  .openapi("NewPasskeyCredential", {
    description: "`toJSON()` of what navigator.credentials.create() gave.",
  });
export type NewPasskeyCredential = z.infer<typeof NewPasskeyCredential>;

export const PasskeyAnswer = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: base64Url,
      authenticatorData: base64Url,
      signature: base64Url,
      userHandle: base64Url.nullish(),
    }),
  })
  .openapi("PasskeyAnswer", { description: "`toJSON()` of what navigator.credentials.get() gave." });
export type PasskeyAnswer = z.infer<typeof PasskeyAnswer>;

export const NewPasskey = z
  .strictObject({ name: Name, credential: NewPasskeyCredential })
  .openapi("NewPasskey");
export type NewPasskey = z.infer<typeof NewPasskey>;

export const PasskeySignIn = z.strictObject({ credential: PasskeyAnswer }).openapi("PasskeySignIn");
export const PasskeyProof = z.strictObject({ passkey: PasskeyAnswer }).openapi("PasskeyProof");
export const RenamePasskey = z.strictObject({ name: Name }).openapi("RenamePasskey");

export const PasskeyPath = z.object({ id: z.string().max(64).openapi({ description: "The passkey's id." }) });

export const PasskeyOptions = z
  .object({
    public_key: z.looseObject({ challenge: z.string() }).openapi({
      description: "For parseCreationOptionsFromJSON() or parseRequestOptionsFromJSON() of the browser.",
    }),
    expires_in: z.int(),
  })
  .openapi("PasskeyOptions");
export type PasskeyOptions = z.infer<typeof PasskeyOptions>;

export const Passkey = z
  .object({
    id: z.string(),
    name: z.string(),
    synced: z.boolean().openapi({ description: "Whether it is shared between the owner's devices." }),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime().nullable(),
  })
  .openapi("Passkey");
export type Passkey = z.infer<typeof Passkey>;

export const PasskeyList = z.object({ data: z.array(Passkey) }).openapi("PasskeyList");
export type PasskeyList = z.infer<typeof PasskeyList>;
