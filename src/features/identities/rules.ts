import { EmailText } from "#core/text";

export const identityLimits = {
  /** How long a sign-in may take at the provider, its pages included. */
  attemptSeconds: 10 * 60,
  /** How long the shop's page has to exchange the code that it is led back with. */
  codeSeconds: 2 * 60,
  nameCharactersMax: 200,
} as const;

export type Vouched = { email: string | null; emailVerified: boolean };

export type AccountDecision =
  | { ok: true; act: "open" | "link"; email: string }
  | { ok: false; reason: "provider_email_unverified" | "account_not_linked" };

/**
 * What to do about an identity that opens no account yet. Only an e-mail that both sides have verified proves that it
 * is one person: a provider that has not verified it would let anybody in, and an account that has not may have been
 * made by somebody else in wait for its owner.
 */
export function decideAboutStranger(
  vouched: Vouched,
  account: { emailVerified: boolean } | undefined,
): AccountDecision {
  const { email, emailVerified } = vouched;
  if (email === null || !emailVerified || !isPlainAddress(email))
    return { ok: false, reason: "provider_email_unverified" };
  if (account === undefined) return { ok: true, act: "open", email };
  if (!account.emailVerified) return { ok: false, reason: "account_not_linked" };
  return { ok: true, act: "link", email };
}

/** Letters beyond ASCII may fold to those of somebody else's address where case is ignored, and spaces may go. */
function isPlainAddress(email: string): boolean {
  return EmailText.safeParse(email).data === email;
}

/** A name that an account may have, of what the provider says. */
export function nameFrom(name: string | null, email: string): string {
  const [localPart = email] = email.split("@");
  const clean = (name ?? "")
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, identityLimits.nameCharactersMax)
    // The cut may have gone through a character of two halves.
    .replace(/[\ud800-\udbff]$/, "");
  return clean === "" ? localPart : clean;
}

/** The page to lead back to: one of the shop's, the first where none is named, or undefined when it is not allowed. */
export function allowedReturnUrl(allowed: readonly string[], asked: string | undefined): string | undefined {
  if (asked === undefined) return allowed[0];
  if (!URL.canParse(asked)) return undefined;
  const { origin, pathname, search, username, password } = new URL(asked);
  if (username !== "" || password !== "" || !allowed.includes(origin + pathname)) return undefined;
  return origin + pathname + search;
}
