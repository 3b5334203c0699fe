import { SignedIn } from "#features/auth/schema";
import { giveBrowserSecret, readBrowserSecret } from "#http/browser-secret";
import { describeRoute } from "#http/describe-route";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { beginSignIn } from "./begin-sign-in.ts";
import { exchangeCode } from "./exchange-code.ts";
import { beginLink, confirmLink } from "./link-identity.ts";
import { listIdentities } from "./list-identities.ts";
import { returnFromProvider } from "./return-from-provider.ts";
import { identityLimits } from "./rules.ts";
import {
  BeginQuery,
  BegunLink,
  CallbackQuery,
  CodeExchange,
  IdentityList,
  LinkRequest,
  ProviderPath,
} from "./schema.ts";
import { unlinkIdentity } from "./unlink-identity.ts";

/** Signing in at a provider. Mounted before authentication. */
export const identitySignInRoutes = createRouter();

/** For those who are signed in. */
export const identityRoutes = createRouter();

const tags = ["auth"];
const location = {
  Location: { schema: { type: "string" }, description: "Where the browser goes." },
} as const;

identitySignInRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/auth/oauth/{provider}",
    tags,
    summary: "Sign in at a provider: send the browser here",
    description:
      "OAuth 2.1 with PKCE, state and, with OpenID Connect, a nonce. The page makes a random secret, keeps it, and sends its S256 challenge as `code_challenge`. The browser comes back to `return_url` with `code`, for POST /auth/oauth/exchange together with that secret, or with `error` and `error_description`.",
    request: { params: ProviderPath, query: BeginQuery },
    responses: {
      302: {
        description: "To the provider, with a cookie that binds the sign-in to this browser",
        headers: { ...location, "Set-Cookie": { schema: { type: "string" }, description: "The binding." } },
      },
      ...problems("provider_unknown", "sign_in_failed"),
    },
  }),
  async (request) => {
    const { provider } = request.req.valid("param");
    const browserSecret = readBrowserSecret(request);
    const query = request.req.valid("query");
    const departure = await beginSignIn(request.var.context, { provider, query, browserSecret });
    giveBrowserSecret(request, departure.browserSecret, identityLimits.attemptSeconds);
    return request.redirect(departure.location, 302);
  },
);

identitySignInRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/auth/oauth/{provider}/callback",
    tags,
    summary: "Where the provider sends the browser back to",
    request: { params: ProviderPath, query: CallbackQuery },
    responses: {
      302: { description: "To the shop's page, with `code` or `error`", headers: location },
      ...problems("provider_unknown", "sign_in_failed"),
    },
  }),
  async (request) => {
    const { provider } = request.req.valid("param");
    const answer = new URL(request.req.url).searchParams;
    const browserSecret = readBrowserSecret(request);
    const target = await returnFromProvider(request.var.context, { provider, answer, browserSecret });
    return request.redirect(target, 302);
  },
);

identitySignInRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/oauth/exchange",
    tags,
    summary: "Exchange the code of a sign-in at a provider for tokens",
    description:
      "A first sign-in opens an account with the provider's verified e-mail. An account with the same e-mail is linked if it has verified it too; otherwise sign in to it first and link.",
    request: { body: jsonBody(CodeExchange) },
    responses: {
      200: json(SignedIn, "A new session"),
      ...problems(
        ...bodyErrors,
        "sign_in_failed",
        "provider_email_unverified",
        "account_not_linked",
        "mfa_required",
        "invalid_token",
        "account_disabled",
      ),
    },
  }),
  async (request) => {
    const exchange = request.req.valid("json");
    const userAgent = request.req.header("user-agent");
    return request.json(await exchangeCode(request.var.context, { exchange, userAgent }), 200);
  },
);

identityRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/auth/identities",
    tags,
    summary: "The accounts elsewhere that open this one",
    responses: { 200: json(IdentityList, "The linked identities"), ...problems() },
  }),
  async (request) => request.json(await listIdentities(request.var.context), 200),
);

identityRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/identities/{provider}",
    tags,
    summary: "Begin to link an account elsewhere",
    description:
      "Send the browser to `url`. It comes back to `return_url` with a `code` for POST /auth/identities.",
    request: { params: ProviderPath, body: jsonBody(LinkRequest) },
    responses: {
      201: json(BegunLink, "Where to send the browser"),
      ...problems(...bodyErrors, "provider_unknown"),
    },
  }),
  async (request) => {
    const { provider } = request.req.valid("param");
    const link = request.req.valid("json");
    return request.json(await beginLink(request.var.context, { provider, link }), 201);
  },
);

identityRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/identities",
    tags,
    summary: "Link the account elsewhere that the code stands for",
    request: { body: jsonBody(CodeExchange) },
    responses: {
      200: json(IdentityList, "The linked identities"),
      ...problems(...bodyErrors, "sign_in_failed", "identity_taken"),
    },
  }),
  async (request) => request.json(await confirmLink(request.var.context, request.req.valid("json")), 200),
);

identityRoutes.openapi(
  describeRoute({
    method: "delete",
    path: "/auth/identities/{provider}",
    tags,
    summary: "Unlink an account elsewhere",
    request: { params: ProviderPath },
    responses: {
      204: { description: "It opens this account no more" },
      ...problems("not_found", "last_sign_in_method"),
    },
  }),
  async (request) => {
    await unlinkIdentity(request.var.context, request.req.valid("param").provider);
    return request.body(null, 204);
  },
);
