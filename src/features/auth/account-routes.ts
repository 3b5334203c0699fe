import { describeRoute } from "#http/describe-route";
import { networkOf } from "#http/network";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { changeEmail } from "./change-email.ts";
import { changePassword } from "./change-password.ts";
import { forgotPassword } from "./forgot-password.ts";
import { resetPassword } from "./reset-password.ts";
import { mailTokenLimits } from "./rules.ts";
import {
  EmailChange,
  EmailVerification,
  ForgottenPassword,
  PasswordChange,
  PasswordReset,
  User,
} from "./schema.ts";
import { sendVerification } from "./send-verification.ts";
import { verifyEmail } from "./verify-email.ts";

/** What a token from a mail opens, signed in or not. Mounted before authentication. */
export const mailedRoutes = createRouter();

/** What the owner of an account changes about it. */
export const accountRoutes = createRouter();

const tags = ["auth"];
const { lifeSeconds } = mailTokenLimits;

mailedRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/email/verify",
    tags,
    summary: "Prove an e-mail address with the token that was mailed to it",
    description: `The token is good once: for ${lifeSeconds.verify_email / 3600} hours after signing up, for ${lifeSeconds.change_email / 60} minutes after asking for another address, which takes effect with this.`,
    request: { body: jsonBody(EmailVerification) },
    responses: {
      200: json(User, "The account, its address proven"),
      ...problems(...bodyErrors, "mail_token_refused", "email_taken", "rate_limited"),
    },
  }),
  async (request) => {
    const { token } = request.req.valid("json");
    const network = networkOf(request.req.header("cf-connecting-ip"));
    return request.json(await verifyEmail(request.var.context, { token, network }), 200);
  },
);

mailedRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/password/forgot",
    tags,
    summary: "Ask for a mail with which a new password can be chosen",
    description:
      "The answer is the same whether or not the address has an account. A newer mail does not end the earlier ones; the first that is used does.",
    request: { body: jsonBody(ForgottenPassword) },
    responses: {
      202: { description: "If the address has an account, a mail is on its way" },
      ...problems(...bodyErrors, "rate_limited"),
    },
  }),
  async (request) => {
    const { email } = request.req.valid("json");
    const network = networkOf(request.req.header("cf-connecting-ip"));
    await forgotPassword(request.var.context, { email, network });
    return request.body(null, 202);
  },
);

mailedRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/password/reset",
    tags,
    summary: "Choose a new password with the token from the mail",
    description: `The token is good once, for ${lifeSeconds.reset_password / 60} minutes. Every session of the account ends; sign in with the new password.`,
    request: { body: jsonBody(PasswordReset) },
    responses: {
      204: { description: "The password is the new one" },
      ...problems(...bodyErrors, "mail_token_refused", "rate_limited", "busy"),
    },
  }),
  async (request) => {
    const reset = request.req.valid("json");
    const network = networkOf(request.req.header("cf-connecting-ip"));
    await resetPassword(request.var.context, { reset, network });
    return request.body(null, 204);
  },
);

accountRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/email/verification",
    tags,
    summary: "Send the mail that proves the address once more",
    description: "The earlier mails are worthless from then on.",
    responses: {
      202: { description: "The mail is on its way" },
      ...problems("email_already_verified", "rate_limited"),
    },
  }),
  async (request) => {
    await sendVerification(request.var.context);
    return request.body(null, 202);
  },
);

accountRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/email/change",
    tags,
    summary: "Ask for another e-mail address",
    description:
      "The new address is mailed a token for POST /auth/email/verify, and is the account's from then on. The present address is told.",
    request: { body: jsonBody(EmailChange) },
    responses: {
      202: { description: "The mail to the new address is on its way" },
      ...problems(...bodyErrors, "invalid_credentials", "email_taken", "rate_limited", "busy"),
    },
  }),
  async (request) => {
    await changeEmail(request.var.context, request.req.valid("json"));
    return request.body(null, 202);
  },
);

accountRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/password/change",
    tags,
    summary: "Change the password",
    description: "Needs the current one. This session stays, all others end, and the account is mailed.",
    request: { body: jsonBody(PasswordChange) },
    responses: {
      204: { description: "The password is the new one" },
      ...problems(...bodyErrors, "invalid_credentials", "conflict", "rate_limited", "busy"),
    },
  }),
  async (request) => {
    await changePassword(request.var.context, request.req.valid("json"));
    return request.body(null, 204);
  },
);
