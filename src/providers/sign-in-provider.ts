import { AppError } from "#core/errors";
import type { EpochMs } from "#core/time";
import { z } from "zod";
import { fetchFromProvider } from "./fetch.ts";

/** Plain HTTP never leaves the machine. */
const loopbackHosts = new Set(["127.0.0.1", "localhost"]);

const ProviderUrl = z
  .url({ protocol: /^https?$/ })
  .refine(
    (url) => url.startsWith("https:") || loopbackHosts.has(new URL(url).hostname),
    "must be https, but for 127.0.0.1 and localhost",
  );

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "must be small letters, digits and dashes");
const client = { client_id: z.string().min(1), client_secret: z.string().min(1) };

const ProviderSettings = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("google"), name: Name.default("google"), ...client }),
  z.strictObject({
    kind: z.literal("github"),
    name: Name.default("github"),
    ...client,
    /** Of a GitHub of one's own. */
    web_url: ProviderUrl.default("https://github.com"),
    api_url: ProviderUrl.default("https://api.github.com"),
  }),
  z.strictObject({
    kind: z.literal("oidc"),
    name: Name,
    ...client,
    issuer: ProviderUrl,
    /** Hosts beside the issuer's own that its endpoints may be on. */
    hosts: z.array(z.string().min(1)).default([]),
  }),
]);
export type ProviderSettings = z.infer<typeof ProviderSettings>;

/** JSON of OAUTH_PROVIDERS: who may vouch for our customers, each under a name of its own. */
export const ProviderList = z
  .array(ProviderSettings)
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, "names must differ");

/** What a sign-in that is under way is known by; the verifier stays with us. */
export type SignInAttempt = { state: string; nonce: string; codeVerifier: string; redirectUri: string };

/** An account at a provider, as the provider vouches for it. */
export type OutsideIdentity = {
  /** Who it is there, for ever. */
  subject: string;
  email: string | null;
  /** Whether the provider has seen that the e-mail is this person's. */
  emailVerified: boolean;
  name: string | null;
  /** When the person proved it there, where the provider says so. */
  authenticatedAt: EpochMs | undefined;
};

/** Somebody who vouches for customers by OAuth 2.1 or OpenID Connect. */
export type SignInProvider = {
  readonly name: string;
  /** Where to send the browser. */
  readonly authorizationUrl: (attempt: SignInAttempt, prompt: string | undefined) => Promise<URL>;
  /**
   * Turns what came back with the browser into an identity.
   * @throws AppError sign_in_failed when any of it is not as it must be; dependency_unavailable.
   */
  readonly identify: (attempt: SignInAttempt, answer: URLSearchParams) => Promise<OutsideIdentity>;
};

const deadlineMs = 5_000;

/** A fetch that reaches none but these origins, follows no redirect and does not wait for ever. */
export function fetchBoundTo(provider: string, origins: readonly string[]) {
  return (url: string, init: RequestInit, attemptsMax = 1): Promise<Response> =>
    fetchFromProvider(url, init, { provider, origins, deadlineMs, attemptsMax });
}

type LibraryRequest = {
  method: string;
  headers: Record<string, string>;
  body?: URLSearchParams | undefined;
};

/** The same fetch as the OAuth library calls it: an absent body is undefined there. */
export function asLibraryFetch(boundFetch: ReturnType<typeof fetchBoundTo>) {
  return (url: string, { method, headers, body }: LibraryRequest): Promise<Response> =>
    boundFetch(url, { method, headers, body: body ?? null });
}

/** One refusal for whatever is wrong with a provider's answer; the cause is for our logs. */
export function signInFailed(cause: unknown): AppError {
  return new AppError("sign_in_failed", {
    detail: "The sign-in at the provider could not be completed. Begin it again.",
    cause,
  });
}
