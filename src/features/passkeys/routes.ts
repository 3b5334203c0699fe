import { SignedIn } from "#features/auth/schema";
import { describeRoute } from "#http/describe-route";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { removePasskey, renamePasskey } from "./change-passkey.ts";
import { listPasskeys } from "./list-passkeys.ts";
import { offerPasskeyUse } from "./prove-passkey.ts";
import { offerRegistration, registerPasskey } from "./register-passkey.ts";
import {
  NewPasskey,
  Passkey,
  PasskeyList,
  PasskeyOptions,
  PasskeyPath,
  PasskeySignIn,
  RenamePasskey,
} from "./schema.ts";
import { signInByPasskey } from "./sign-in-by-passkey.ts";

/** Signing in by passkey. Mounted before authentication. */
export const passkeySignInRoutes = createRouter();

/** For those who are signed in. */
export const passkeyRoutes = createRouter();

const tags = ["auth"];

passkeySignInRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/passkeys/sign-in/options",
    tags,
    summary: "A challenge to sign in, or to step up, by passkey",
    responses: { 200: json(PasskeyOptions, "For navigator.credentials.get()"), ...problems() },
  }),
  async (request) => request.json(await offerPasskeyUse(request.var.context), 200),
);

passkeySignInRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/passkeys/sign-in",
    tags,
    summary: "Sign in by passkey",
    description: "A passkey needs no second factor: it is one by itself. Each challenge is good once.",
    request: { body: jsonBody(PasskeySignIn) },
    responses: {
      200: json(SignedIn, "A new session"),
      ...problems(...bodyErrors, "passkey_refused", "invalid_token", "account_disabled"),
    },
  }),
  async (request) => {
    const { credential: answer } = request.req.valid("json");
    const userAgent = request.req.header("user-agent");
    return request.json(await signInByPasskey(request.var.context, { answer, userAgent }), 200);
  },
);

passkeyRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/passkeys/options",
    tags,
    summary: "A challenge to make a passkey",
    responses: {
      200: json(PasskeyOptions, "For navigator.credentials.create()"),
      ...problems("too_many_passkeys"),
    },
  }),
  async (request) => request.json(await offerRegistration(request.var.context), 200),
);

passkeyRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/passkeys",
    tags,
    summary: "Register a passkey",
    request: { body: jsonBody(NewPasskey) },
    responses: { 201: json(Passkey, "The passkey"), ...problems(...bodyErrors, "passkey_refused") },
  }),
  async (request) => request.json(await registerPasskey(request.var.context, request.req.valid("json")), 201),
);

passkeyRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/auth/passkeys",
    tags,
    summary: "The account's passkeys",
    responses: { 200: json(PasskeyList, "The passkeys, oldest first"), ...problems() },
  }),
  async (request) => request.json(await listPasskeys(request.var.context), 200),
);

passkeyRoutes.openapi(
  describeRoute({
    method: "patch",
    path: "/auth/passkeys/{id}",
    tags,
    summary: "Rename a passkey",
    request: { params: PasskeyPath, body: jsonBody(RenamePasskey) },
    responses: { 200: json(Passkey, "The passkey"), ...problems(...bodyErrors, "not_found") },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const { name } = request.req.valid("json");
    return request.json(await renamePasskey(request.var.context, { id, name }), 200);
  },
);

passkeyRoutes.openapi(
  describeRoute({
    method: "delete",
    path: "/auth/passkeys/{id}",
    tags,
    summary: "Remove a passkey",
    request: { params: PasskeyPath },
    responses: {
      204: { description: "It opens the account no more" },
      ...problems("not_found", "last_sign_in_method"),
    },
  }),
  async (request) => {
    await removePasskey(request.var.context, request.req.valid("param").id);
    return request.body(null, 204);
  },
);
