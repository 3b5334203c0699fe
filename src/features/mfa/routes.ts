import { SignedIn } from "#features/auth/schema";
import { describeRoute } from "#http/describe-route";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { confirmEnrolment } from "./confirm-authenticator.ts";
import { enrolAuthenticator } from "./enrol-authenticator.ts";
import { readMfa } from "./read-mfa.ts";
import { removeAuthenticator } from "./remove-authenticator.ts";
import { renewRecoveryCodes } from "./renew-recovery-codes.ts";
import { ConfirmTotp, MfaState, MfaVerification, NewAuthenticator, RecoveryCodes } from "./schema.ts";
import { verifySignIn } from "./verify-sign-in.ts";

/** The second half of a sign-in. Mounted before authentication. */
export const mfaSignInRoutes = createRouter();

/** For those who are signed in. */
export const mfaRoutes = createRouter();

const tags = ["auth"];

mfaSignInRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/mfa/verify",
    tags,
    summary: "End a sign-in with the second factor",
    description:
      "A sign-in to an account with an authenticator app answers 401 `mfa_required` with `mfa_token`, `methods` and `expires_in`. Each code is good once.",
    request: { body: jsonBody(MfaVerification) },
    responses: {
      200: json(SignedIn, "A new session"),
      ...problems(...bodyErrors, "invalid_token", "invalid_credentials", "account_disabled", "rate_limited"),
    },
  }),
  async (request) => {
    const verification = request.req.valid("json");
    const userAgent = request.req.header("user-agent");
    return request.json(await verifySignIn(request.var.context, { verification, userAgent }), 200);
  },
);

mfaRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/auth/mfa",
    summary: "Which second factors the account has",
    responses: { 200: json(MfaState, "The factors"), ...problems() },
  }),
  async (request) => request.json(await readMfa(request.var.context), 200),
);

mfaRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/auth/mfa/totp",
    summary: "Begin to set up an authenticator app",
    description: "Takes effect when a code of it is confirmed. Asking again replaces an unconfirmed secret.",
    responses: {
      201: json(NewAuthenticator, "A new secret"),
      ...problems("mfa_enabled"),
    },
  }),
  async (request) => request.json(await enrolAuthenticator(request.var.context), 201),
);

mfaRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/auth/mfa/totp/confirm",
    summary: "Turn the second factor on with a first code of the app",
    request: { body: jsonBody(ConfirmTotp) },
    responses: {
      200: json(RecoveryCodes, "The second factor is on; keep these codes"),
      ...problems(
        ...bodyErrors,
        "invalid_credentials",
        "not_found",
        "mfa_enabled",
        "conflict",
        "rate_limited",
      ),
    },
  }),
  async (request) =>
    request.json(await confirmEnrolment(request.var.context, request.req.valid("json").code), 200),
);

mfaRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/auth/mfa/totp",
    summary: "Turn the second factor off",
    responses: {
      204: { description: "The authenticator app and the recovery codes are gone" },
      ...problems("not_found"),
    },
  }),
  async (request) => {
    await removeAuthenticator(request.var.context);
    return request.body(null, 204);
  },
);

mfaRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/auth/mfa/recovery-codes",
    summary: "Replace all recovery codes",
    responses: {
      200: json(RecoveryCodes, "The new codes; the old ones are dead"),
      ...problems("not_found"),
    },
  }),
  async (request) => request.json(await renewRecoveryCodes(request.var.context), 200),
);
