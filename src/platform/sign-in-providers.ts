import { githubSignIn } from "#providers/github-sign-in";
import { oidcSignIn } from "#providers/oidc-sign-in";
import type { ProviderSettings, SignInProvider } from "#providers/sign-in-provider";

/** Google's endpoints are spread over these. */
const google = {
  issuer: "https://accounts.google.com",
  hosts: ["oauth2.googleapis.com", "www.googleapis.com", "openidconnect.googleapis.com"],
};

export function createSignInProviders(
  list: readonly ProviderSettings[],
): ReadonlyMap<string, SignInProvider> {
  return new Map(list.map((settings) => [settings.name, createSignInProvider(settings)]));
}

function createSignInProvider(settings: ProviderSettings): SignInProvider {
  switch (settings.kind) {
    case "google":
      return oidcSignIn({ ...settings, ...google });
    case "oidc":
      return oidcSignIn(settings);
    case "github":
      return githubSignIn(settings);
  }
}
