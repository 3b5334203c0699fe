import {
  ClientSecretPost,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  customFetch,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from "oauth4webapi";
import { z } from "zod";
import { AppError } from "#core/errors";
import {
  type OutsideIdentity,
  type ProviderSettings,
  type SignInAttempt,
  type SignInProvider,
  asLibraryFetch,
  fetchBoundTo,
  signInFailed,
} from "./sign-in-provider.ts";

type GithubSettings = Extract<ProviderSettings, { kind: "github" }>;

const User = z.object({ id: z.int(), login: z.string(), name: z.string().nullish() });
const Emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** GitHub, which speaks OAuth but not OpenID Connect: who somebody is, its own API says. */
export function githubSignIn(settings: GithubSettings): SignInProvider {
  const { name, web_url: webUrl, api_url: apiUrl } = settings;
  const boundFetch = fetchBoundTo(name, [webUrl, apiUrl]);
  const server = { issuer: webUrl, token_endpoint: `${webUrl}/login/oauth/access_token` };
  const client = { client_id: settings.client_id };
  const options = {
    [customFetch]: asLibraryFetch(boundFetch),
    [allowInsecureRequests]: webUrl.startsWith("http:"),
  };

  const ask = async (path: string, accessToken: string): Promise<unknown> => {
    const headers = {
      authorization: `Bearer ${accessToken}`,
      accept: "application/vnd.github+json",
      "user-agent": "tradewind",
      "x-github-api-version": "2022-11-28",
    };
    const response = await boundFetch(`${apiUrl}${path}`, { headers }, 2);
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  };

  const redeem = async (attempt: SignInAttempt, answer: URLSearchParams): Promise<OutsideIdentity> => {
    const checked = validateAuthResponse(server, client, answer, attempt.state);
    const response = await authorizationCodeGrantRequest(
      server,
      client,
      ClientSecretPost(settings.client_secret),
      checked,
      attempt.redirectUri,
      attempt.codeVerifier,
      options,
    );
    const { access_token: accessToken } = await processAuthorizationCodeResponse(server, client, response);
    const [user, emails] = await Promise.all([
      ask("/user", accessToken).then((body) => User.parse(body)),
      ask("/user/emails", accessToken).then((body) => Emails.parse(body)),
    ]);
    const primary = emails.find((each) => each.primary);
    return {
      subject: String(user.id),
      email: primary?.email ?? null,
      emailVerified: primary?.verified === true,
      name: user.name ?? user.login,
      authenticatedAt: undefined,
    };
  };

  return {
    name,
    authorizationUrl: async (attempt, prompt) => {
      const url = new URL(`${webUrl}/login/oauth/authorize`);
      const words = {
        client_id: settings.client_id,
        redirect_uri: attempt.redirectUri,
        response_type: "code",
        scope: "read:user user:email",
        state: attempt.state,
        code_challenge: await calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: "S256",
        // GitHub knows this one alone.
        ...(prompt === undefined ? {} : { prompt: "select_account" }),
      };
      for (const [word, value] of Object.entries(words)) url.searchParams.set(word, value);
      return url;
    },
    identify: async (attempt, answer) => {
      try {
        return await redeem(attempt, answer);
      } catch (error) {
        throw error instanceof AppError ? error : signInFailed(error);
      }
    },
  };
}
