import {
  type AuthorizationServer,
  ClientSecretPost,
  type IDToken,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  discoveryRequest,
  getValidatedIdTokenClaims,
  type JWKSCacheInput,
  jwksCache,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processUserInfoResponse,
  userInfoRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from "oauth4webapi";
import { z } from "zod";
import { AppError } from "#core/errors";
import { currentTime, epochMs, hourMs, secondMs } from "#core/time";
import {
  type OutsideIdentity,
  type SignInAttempt,
  type SignInProvider,
  asLibraryFetch,
  fetchBoundTo,
  signInFailed,
} from "./sign-in-provider.ts";

type OidcSettings = {
  name: string;
  issuer: string;
  client_id: string;
  client_secret: string;
  hosts: readonly string[];
};

const clockToleranceSeconds = 30;
/** For how long an isolate believes what the issuer said of itself. */
const discoveryLifeMs = hourMs;

const Vouched = z.object({
  email: z.string().optional(),
  // Some issuers send the text.
  email_verified: z
    .union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")])
    .optional(),
  name: z.string().optional(),
});

/** Google, or any issuer of OpenID Connect that describes itself at its well-known address. */
export function oidcSignIn(settings: OidcSettings): SignInProvider {
  const { name, issuer } = settings;
  const origins = [issuer, ...settings.hosts.map((host) => `https://${host}`)];
  const boundFetch = fetchBoundTo(name, origins);
  const client = { client_id: settings.client_id, [clockTolerance]: clockToleranceSeconds };
  const options = {
    [customFetch]: asLibraryFetch(boundFetch),
    [allowInsecureRequests]: issuer.startsWith("http:"),
  };
  const keys: JWKSCacheInput = {};
  let known: { server: AuthorizationServer; at: number } | undefined;

  const discover = async (): Promise<AuthorizationServer> => {
    if (known !== undefined && currentTime() - known.at < discoveryLifeMs) return known.server;
    const response = await discoveryRequest(new URL(issuer), options);
    const server = await processDiscoveryResponse(new URL(issuer), response);
    known = { server, at: currentTime() };
    return server;
  };

  const redeem = async (attempt: SignInAttempt, answer: URLSearchParams): Promise<OutsideIdentity> => {
    const server = await discover();
    const { state, nonce, codeVerifier, redirectUri } = attempt;
    const checked = validateAuthResponse(server, client, answer, state);
    const response = await authorizationCodeGrantRequest(
      server,
      client,
      ClientSecretPost(settings.client_secret),
      checked,
      redirectUri,
      codeVerifier,
      options,
    );
    const tokens = await processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    await validateApplicationLevelSignature(server, response, { ...options, [jwksCache]: keys });
    const claims = getValidatedIdTokenClaims(tokens);
    if (claims === undefined) throw new Error("the answer has no ID token");
    if (typeof claims["email"] === "string" || server.userinfo_endpoint === undefined)
      return identityOf(claims, claims);
    const userInfo = await userInfoRequest(server, client, tokens.access_token, options);
    return identityOf(claims, await processUserInfoResponse(server, client, claims.sub, userInfo));
  };

  return {
    name,
    authorizationUrl: async (attempt, prompt) => {
      const { authorization_endpoint: endpoint } = await discover().catch(refuse);
      if (endpoint === undefined) throw signInFailed(new Error(`${name} has no authorization endpoint`));
      const url = new URL(endpoint);
      const words = {
        client_id: settings.client_id,
        redirect_uri: attempt.redirectUri,
        response_type: "code",
        scope: "openid email profile",
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: "S256",
        ...(prompt === undefined ? {} : { prompt }),
      };
      for (const [word, value] of Object.entries(words)) url.searchParams.set(word, value);
      return url;
    },
    identify: (attempt, answer) => redeem(attempt, answer).catch(refuse),
  };
}

function identityOf(claims: IDToken, vouched: unknown): OutsideIdentity {
  const { email, email_verified: verified, name } = Vouched.parse(vouched);
  return {
    subject: claims.sub,
    email: email ?? null,
    emailVerified: verified === true,
    name: name ?? null,
    authenticatedAt: claims.auth_time === undefined ? undefined : epochMs(claims.auth_time * secondMs),
  };
}

function refuse(error: unknown): never {
  throw error instanceof AppError ? error : signInFailed(error);
}
