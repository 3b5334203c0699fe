import { z } from "@hono/zod-openapi";

const CodeChallenge = z
  .string()
  .regex(/^[\w-]{43}$/, "must be a SHA-256 in base64url")
  .openapi({ description: "PKCE's S256 challenge of a secret that the page keeps until the exchange." });

const ReturnUrl = z
  .string()
  .max(2000)
  .openapi({ description: "One of SIGN_IN_RETURN_URLS, with any query; the first of them by default." });

const Secret = z.string().min(1).max(128);

export const BeginQuery = z.strictObject({
  return_url: ReturnUrl.optional(),
  code_challenge: CodeChallenge.optional(),
  prompt: z
    .enum(["login", "select_account"])
    .optional()
    .openapi({ description: "`login` asks the provider to have the person prove it again." }),
  link_token: Secret.optional().openapi({
    description: "Comes in the `url` of POST /auth/identities/{provider}.",
  }),
});
export type BeginQuery = z.infer<typeof BeginQuery>;

/** Providers add words of their own to the standard's. */
export const CallbackQuery = z.object({
  state: z.string().max(500).optional(),
  code: z.string().max(3000).optional(),
  iss: z.string().max(500).optional(),
  error: z.string().max(200).optional(),
  error_description: z.string().max(2000).optional(),
});

export const ProviderPath = z.object({
  provider: z.string().max(32).openapi({ example: "google", description: "One of the shop's providers." }),
});

export const CodeExchange = z
  .strictObject({
    code: Secret.openapi({ description: "What the page was led back with." }),
    code_verifier: z
      .string()
      .regex(/^[\w.~-]{43,128}$/, "must be 43 to 128 unreserved characters")
      .openapi({ description: "The secret whose challenge the sign-in began with." }),
  })
  .openapi("CodeExchange");
export type CodeExchange = z.infer<typeof CodeExchange>;

export const LinkRequest = z
  .strictObject({ return_url: ReturnUrl.optional(), code_challenge: CodeChallenge })
  .openapi("LinkRequest");
export type LinkRequest = z.infer<typeof LinkRequest>;

export const BegunLink = z
  .object({
    url: z.url().openapi({ description: "Where to send the browser, once." }),
    expires_in: z.int(),
  })
  .openapi("BegunLink");
export type BegunLink = z.infer<typeof BegunLink>;

export const IdentityList = z
  .object({
    data: z.array(
      z.object({
        provider: z.string(),
        email: z.string().nullable(),
        linked_at: z.iso.datetime(),
        last_used_at: z.iso.datetime(),
      }),
    ),
    providers: z.array(z.string()).openapi({ description: "The providers that may be linked." }),
  })
  .openapi("IdentityList");
export type IdentityList = z.infer<typeof IdentityList>;
