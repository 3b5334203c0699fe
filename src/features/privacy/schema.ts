import { z } from "@hono/zod-openapi";
import { EmailText } from "#core/text";

/** What customers can be asked to agree to beyond what their orders need. */
export const consentPurposes = ["promotions"] as const;

export const ConsentPurpose = z.enum(consentPurposes);
export type ConsentPurpose = z.infer<typeof ConsentPurpose>;

export const GiveConsent = z.strictObject({
  granted: z.boolean(),
  wording: z.string().trim().min(1).max(200).openapi({
    description: "The shop's name for the words that the customer saw, such as `newsletter-2026-03`.",
  }),
});
export type GiveConsent = z.infer<typeof GiveConsent>;

export const ConsentWire = z
  .object({
    purpose: ConsentPurpose,
    granted: z.boolean(),
    wording: z.string().nullable(),
    given_at: z.string().nullable().openapi({ description: "Null when the customer was never asked." }),
  })
  .openapi("Consent");
export type ConsentWire = z.infer<typeof ConsentWire>;

export const GuestSubject = z.strictObject({
  email: EmailText.openapi({ format: "email", description: "Under which a guest ordered." }),
});

export const ErasureWire = z
  .object({ orders: z.int().openapi({ description: "Orders that were stripped of everything personal." }) })
  .openapi("Erasure");
export type ErasureWire = z.infer<typeof ErasureWire>;
