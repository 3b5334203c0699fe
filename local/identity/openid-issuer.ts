import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { JWK } from "jose";
import { Provider } from "oidc-provider";
import { readBody } from "../http-server.ts";
import { sendPage } from "../page.ts";
import { LOGIN_FORM_TARGETS, renderLogin } from "./login-page.ts";
import type { People, Person } from "./people.ts";

const FORM_BYTES_MAX = 16 * 1024;

export type IssuerOptions = {
  url: string;
  clientId: string;
  clientSecret: string;
  redirectUris: string[];
  key: JWK;
  people: People;
};

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A certified OpenID provider with a login page on which one chooses who to be. What it remembers ends with it. */
export function createOpenidIssuer({ url, people, ...options }: IssuerOptions): Answer {
  const provider = new Provider(url, {
    clients: [
      {
        client_id: options.clientId,
        client_secret: options.clientSecret,
        redirect_uris: options.redirectUris,
        token_endpoint_auth_method: "client_secret_post",
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [options.key] },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, subject) => {
      const person = people.find(subject);
      return person && { accountId: subject, claims: () => claimsOf(person) };
    },
    loadExistingGrant: async ({ oidc }) => {
      const { client, session, provider: issuer } = oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new issuer.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
    renderError: (context, { error, error_description: description }) => {
      context.type = "text";
      context.body = `${error}: ${description ?? ""}`;
    },
  });
  const protocol = provider.callback();

  return async (request, response) => {
    if (!request.url?.startsWith("/interaction/")) {
      await protocol(request, response);
      return;
    }
    if (request.method !== "POST") {
      await provider.interactionDetails(request, response);
      const page = renderLogin("Local sign-in", people.list());
      sendPage(response, 200, { ...page, formTargets: LOGIN_FORM_TARGETS });
      return;
    }
    const form = new URLSearchParams((await readBody(request, FORM_BYTES_MAX)).toString("utf8"));
    const person = form.has("cancel") ? undefined : people.fromForm(form);
    const outcome =
      person === undefined
        ? { error: "access_denied", error_description: "Nobody signed in." }
        : { login: { accountId: person.subject } };
    await provider.interactionFinished(request, response, outcome, { mergeWithLastSubmission: false });
  };
}

function claimsOf({ subject, name, email, emailVerified }: Person) {
  return { sub: subject, name, email, email_verified: emailVerified };
}
