import { z } from "@hono/zod-openapi";
import { mfaLimits, totpParameters } from "./rules.ts";

/** Six digits and whatever spaces were typed along. */
const codeCharactersMax = 16;

/** As an app shows it, with or without the space in its middle. */
const Code = z
  .string()
  .max(codeCharactersMax)
  .transform((typed) => typed.replaceAll(/\s/g, ""))
  .pipe(z.string().regex(/^\d{6}$/, `must be ${totpParameters.digits} digits`))
  .openapi({
    type: "string",
    maxLength: codeCharactersMax,
    pattern: "^ *(?:[0-9] *){6}$",
    example: "287082",
    description: "What the authenticator app shows now.",
  });

const RecoveryCode = z
  .string()
  .min(1)
  .max(64)
  .openapi({ example: "K7QT-2MZA-PL5X-WE3N", description: "One of the recovery codes; it is used up." });

export const ConfirmTotp = z.strictObject({ code: Code }).openapi("ConfirmTotp");
export const CodeProof = z.strictObject({ code: Code }).openapi("CodeProof");
export const RecoveryProof = z.strictObject({ recovery_code: RecoveryCode }).openapi("RecoveryProof");
export type SecondFactorProof = z.infer<typeof CodeProof> | z.infer<typeof RecoveryProof>;

const MfaToken = z
  .string()
  .min(1)
  .max(128)
  .openapi({ description: "The `mfa_token` of the answer `mfa_required`." });

export const MfaVerification = z
  .union([
    z.strictObject({ ...CodeProof.shape, mfa_token: MfaToken }),
    z.strictObject({ ...RecoveryProof.shape, mfa_token: MfaToken }),
  ])
  .openapi("MfaVerification");
export type MfaVerification = z.infer<typeof MfaVerification>;

export const NewAuthenticator = z
  .object({
    secret: z
      .string()
      .openapi({ example: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", description: "To type by hand." }),
    otpauth_uri: z.string().openapi({ description: "To show as a QR code." }),
  })
  .openapi("NewAuthenticator");
export type NewAuthenticator = z.infer<typeof NewAuthenticator>;

export const RecoveryCodes = z
  .object({
    recovery_codes: z
      .array(z.string())
      .length(mfaLimits.recoveryCodes)
      .openapi({ description: "Shown this once. Each opens the account once in place of the app." }),
  })
  .openapi("RecoveryCodes");
export type RecoveryCodes = z.infer<typeof RecoveryCodes>;

export const MfaState = z
  .object({
    totp: z.object({ enabled: z.boolean(), enabled_at: z.iso.datetime().nullable() }),
    recovery_codes_left: z.int(),
  })
  .openapi("MfaState");
export type MfaState = z.infer<typeof MfaState>;
