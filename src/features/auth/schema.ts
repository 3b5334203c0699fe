import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { EmailText, plainText } from "#core/text";
import { authLimits } from "./rules.ts";

const Email = EmailText.openapi({ format: "email", example: "ada@example.com" });

/** NFKC, so that the same letters typed on another keyboard are the same password. */
const typedPassword = z.string().normalize("NFKC").max(authLimits.passwordCharactersMax);
const givenPassword = typedPassword.min(1).openapi({ format: "password" });
const newPassword = typedPassword.min(authLimits.passwordCharactersMin).openapi({
  format: "password",
  description: "Spaces and every alphabet are welcome; the most common passwords and the e-mail are refused.",
});
const mailToken = z.string().min(1).max(100).openapi({ description: "As the mail carries it; good once." });

const refreshToken = z.string().min(1).max(512).openapi({ description: "As the last answer gave it." });

const Name = z
  .string()
  .trim()
  .min(1, { abort: true })
  .max(authLimits.nameCharactersMax)
  .regex(plainText, "must not contain control characters")
  .openapi({ example: "Ada Lovelace" });

export const Registration = z
  .strictObject({
    email: Email,
    password: newPassword,
    name: Name,
  })
  .openapi("Registration");
export type Registration = z.infer<typeof Registration>;

export const Credentials = z
  .strictObject({ email: Email, password: typedPassword.min(1).openapi({ format: "password" }) })
  .openapi("Credentials");
export type Credentials = z.infer<typeof Credentials>;

export const EmailVerification = z.strictObject({ token: mailToken }).openapi("EmailVerification");

export const EmailChange = z
  .strictObject({ email: Email, current_password: givenPassword })
  .openapi("EmailChange");
export type EmailChange = z.infer<typeof EmailChange>;

export const ForgottenPassword = z.strictObject({ email: Email }).openapi("ForgottenPassword");

export const PasswordReset = z
  .strictObject({ token: mailToken, password: newPassword })
  .openapi("PasswordReset");
export type PasswordReset = z.infer<typeof PasswordReset>;

export const PasswordChange = z
  .strictObject({ current_password: givenPassword, password: newPassword })
  .openapi("PasswordChange");
export type PasswordChange = z.infer<typeof PasswordChange>;

export const RefreshRequest = z.strictObject({ refresh_token: refreshToken }).openapi("RefreshRequest");

export const LogoutRequest = z
  .strictObject({ refresh_token: refreshToken.optional() })
  .openapi("LogoutRequest");

export const User = z
  .object({
    id: z.string().openapi({ example: "usr_01kaxk5v3m9qf2t8w4r6y0z1bc" }),
    email: z.string(),
    name: z.string(),
    role: z.enum(["customer", "staff", "admin"]),
    email_verified: z.boolean(),
  })
  .openapi("User");
export type User = z.infer<typeof User>;

export const SignedIn = z
  .object({
    user: User,
    access_token: z.string().openapi({ description: "A JWT to send as Authorization: Bearer …" }),
    token_type: z.literal("Bearer"),
    expires_in: z.int().openapi({ description: "Seconds for which the access token is good." }),
    refresh_token: z.string().openapi({ description: "Good once, at POST /auth/refresh." }),
  })
  .openapi("SignedIn");
export type SignedIn = z.infer<typeof SignedIn>;

export const RenewedAccess = SignedIn.pick({
  access_token: true,
  token_type: true,
  expires_in: true,
}).openapi("RenewedAccess");
export type RenewedAccess = z.infer<typeof RenewedAccess>;

export const SessionId = idSchema("session").openapi({
  example: "ses_01kaxk5v3m9qf2t8w4r6y0z1bc",
});

export const SessionsQuery = z.strictObject({
  scope: z.enum(["others", "all"]).default("others").openapi({
    description: "`others` spares the session that asks; `all` ends it too, and every access token at once.",
  }),
});

export const SessionList = z
  .object({
    data: z.array(
      z.object({
        id: z.string(),
        device: z.string().openapi({ example: "Firefox on Windows" }),
        user_agent: z.string().nullable(),
        network: z.string().nullable().openapi({
          description: "Where it began, cut short.",
          example: "203.0.113.0/24",
        }),
        created_at: z.iso.datetime(),
        last_used_at: z.iso.datetime().openapi({ description: "When it was last refreshed." }),
        expires_at: z.iso.datetime(),
        current: z.boolean().openapi({ description: "Whether it is the one that asks." }),
      }),
    ),
  })
  .openapi("SessionList");
export type SessionList = z.infer<typeof SessionList>;

const Locale = z
  .string()
  .max(authLimits.localeCharactersMax)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "must be a BCP 47 language tag")
  .openapi({ example: "pt-BR" });

export const ProfilePatch = z
  .strictObject({ name: Name.optional(), locale: Locale.nullable().optional() })
  .openapi("ProfilePatch");
export type ProfilePatch = z.infer<typeof ProfilePatch>;

export const Profile = User.extend({
  locale: z.string().nullable(),
  version: z.int(),
  created_at: z.iso.datetime(),
}).openapi("Profile");
export type Profile = z.infer<typeof Profile>;

export const PublicKeys = z
  .object({
    keys: z.array(
      z.object({
        kty: z.string(),
        crv: z.string(),
        kid: z.string(),
        x: z.string(),
        use: z.string(),
        alg: z.string(),
      }),
    ),
  })
  .openapi("PublicKeys");
