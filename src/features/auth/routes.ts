import { z } from "@hono/zod-openapi";
import { sha256Hex } from "#core/canonical-json";
import { requiredVersion } from "#http/conditional";
import { describeRoute } from "#http/describe-route";
import { networkOf } from "#http/network";
import { idempotentRequestOf } from "#http/idempotency";
import {
  bodyErrors,
  createRouter,
  idempotencyKey,
  json,
  jsonBody,
  optionalJsonBody,
  problems,
} from "#http/openapi";
import { limitAttempts } from "#http/rate-limit";
import { markReplay } from "#http/reply";
import { publicJwks } from "#platform/access-tokens";
import { ifMatchHeaders, mergePatchBody, versioned, withEtag } from "#http/versioned";
import { changeProfile } from "./change-profile.ts";
import { logIn } from "./log-in.ts";
import { logOut } from "./log-out.ts";
import { readProfile } from "./read-profile.ts";
import { refreshSession } from "./refresh-session.ts";
import { register } from "./register.ts";
import { attemptLimits } from "./rules.ts";
import {
  Credentials,
  LogoutRequest,
  Profile,
  ProfilePatch,
  PublicKeys,
  RefreshRequest,
  Registration,
  SignedIn,
} from "./schema.ts";

/** Ways in: an Authorization header, which may have expired, plays no part here. Mounted before authentication. */
export const credentialRoutes = createRouter();

/** For those who are signed in. */
export const sessionRoutes = createRouter();

const tags = ["auth"];
/** What a right password may still need, or meet. */
const signInErrors = ["mfa_required", "account_disabled"] as const;
const rateFields = {
  RateLimit: { schema: { type: "string" }, description: "What is left of each limit." },
  "RateLimit-Policy": { schema: { type: "string" }, description: "The limits that this request fell under." },
} as const;

credentialRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/register",
    tags,
    summary: "Make an account and sign in",
    description:
      "With an Idempotency-Key, a repetition finds the account that the first request made and signs in to it again: its tokens are new ones, since tokens are never stored.",
    middleware: [
      limitAttempts({ byEmail: attemptLimits.registerByEmail, byAddress: attemptLimits.registerByAddress }),
    ] as const,
    request: {
      headers: z.object({ "idempotency-key": idempotencyKey.optional() }),
      body: jsonBody(Registration),
    },
    responses: {
      201: { ...json(SignedIn, "The account and its first session"), headers: rateFields },
      ...problems(
        ...bodyErrors,
        "email_taken",
        "idempotency_key_reused",
        ...signInErrors,
        "rate_limited",
        "busy",
      ),
    },
  }),
  async (request) => {
    const registration = request.req.valid("json");
    // The password stays out: what is stored of it must be no faster to guess than its hash.
    const { password: _, ...fingerprinted } = { ...registration, email: registration.email.toLowerCase() };
    const owner = await sha256Hex(fingerprinted.email);
    const idempotent = await idempotentRequestOf(request, fingerprinted, owner);
    const userAgent = request.req.header("user-agent");
    const outcome = await register(request.var.context, {
      registration,
      userAgent,
      network: networkOf(request.req.header("cf-connecting-ip")),
      idempotent,
    });
    markReplay(request, outcome);
    return request.json(outcome.body, 201);
  },
);

credentialRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/login",
    tags,
    summary: "Sign in",
    description:
      "Every login opens a session of its own, so it may be repeated freely; an Idempotency-Key changes nothing. Wrong passwords are held off by delays that grow; nobody is locked out, and whoever signs in from where they did before is not held off by what others guess. An account with an authenticator app answers `mfa_required` with an `mfa_token` for POST /auth/mfa/verify.",
    request: { body: jsonBody(Credentials) },
    responses: {
      200: json(SignedIn, "A new session"),
      ...problems(...bodyErrors, "invalid_credentials", ...signInErrors, "rate_limited", "busy"),
    },
  }),
  async (request) => {
    const credentials = request.req.valid("json");
    const network = networkOf(request.req.header("cf-connecting-ip"));
    const userAgent = request.req.header("user-agent");
    return request.json(await logIn(request.var.context, { credentials, userAgent, network }), 200);
  },
);

credentialRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/refresh",
    tags,
    summary: "Change a refresh token for new tokens",
    description:
      "A refresh token is good once. For a few seconds more it gives the same successor, so that tabs may refresh together and a lost answer can be asked for again; after that, using it again ends the session.",
    request: { body: jsonBody(RefreshRequest) },
    responses: {
      200: json(SignedIn, "The session with new tokens"),
      ...problems(...bodyErrors, "invalid_token"),
    },
  }),
  async (request) => {
    const { refresh_token: refreshToken } = request.req.valid("json");
    return request.json(await refreshSession(request.var.context, refreshToken), 200);
  },
);

const publicKeysMaxAgeSeconds = 300;

credentialRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/.well-known/jwks.json",
    tags,
    summary: "The public keys of access tokens (RFC 7517)",
    responses: { 200: json(PublicKeys, "The keys, the signing one first"), ...problems() },
  }),
  (request) => {
    request.header("Cache-Control", `public, max-age=${publicKeysMaxAgeSeconds}`);
    return request.json(publicJwks(request.var.context.settings), 200);
  },
);

sessionRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/logout",
    tags,
    summary: "End the session of the access token, or of refresh_token",
    request: { body: optionalJsonBody(LogoutRequest) },
    responses: {
      204: { description: "The session has ended" },
      ...problems(...bodyErrors, "unauthenticated"),
    },
  }),
  async (request) => {
    const { refresh_token: refreshToken } = request.req.valid("json");
    await logOut(request.var.context, refreshToken);
    return request.body(null, 204);
  },
);

sessionRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/auth/profile",
    tags,
    summary: "The account that is signed in",
    responses: { 200: versioned(Profile, "The account"), ...problems() },
  }),
  async (request) => {
    const profile = await readProfile(request.var.context);
    return request.json(withEtag(request, profile), 200);
  },
);

sessionRoutes.openapi(
  describeRoute({
    method: "patch",
    path: "/auth/profile",
    tags,
    summary: "Change the name or the language",
    description:
      "A JSON merge patch (RFC 7396); null empties the locale. The e-mail is changed by POST /auth/email/change.",
    request: {
      headers: ifMatchHeaders,
      body: mergePatchBody(ProfilePatch),
    },
    responses: {
      200: versioned(Profile, "The account as it is now"),
      ...problems(...bodyErrors, "if_match_required", "version_mismatch"),
    },
  }),
  async (request) => {
    const expectedVersion = requiredVersion(request);
    const patch = request.req.valid("json");
    const profile = await changeProfile(request.var.context, { patch, expectedVersion });
    return request.json(withEtag(request, profile), 200);
  },
);
