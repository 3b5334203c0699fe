import { expect, test } from "vitest";
import { z } from "zod";
import { stack } from "../../stack.ts";
import { SignedIn } from "../auth/account.ts";
import { codeIn, exchange, locationOf, newPerson, newVerifier, openBrowser, startUrl } from "./browser.ts";

const Code = z.object({ code: z.string() });
const contrary = () => `${stack().services.identity}/contrary`;

type Instruction = { claims: Record<string, unknown>; signed_by?: "stranger"; redirect_to?: string };

/** Comes back from the contrary issuer with a code whose ID token is as instructed. */
async function comeBack(instruct: (nonce: string) => Instruction, answer: Record<string, string> = {}) {
  const browser = openBrowser();
  const { verifier, challenge } = newVerifier();
  const departure = new URL(
    locationOf(await browser.ask(startUrl("contrary", { code_challenge: challenge }))),
  ).searchParams;
  const told = await fetch(`${contrary()}/codes`, {
    method: "POST",
    body: JSON.stringify(instruct(String(departure.get("nonce")))),
  });
  const { code } = Code.parse(await told.json());
  const words = { code, state: String(departure.get("state")), iss: contrary(), ...answer };
  const callback = `${String(departure.get("redirect_uri"))}?${new URLSearchParams(words).toString()}`;
  return { returned: new URL(locationOf(await browser.ask(callback))), verifier };
}

const soundClaims = (nonce: string) => {
  const { subject, email } = newPerson();
  return { sub: subject, email, email_verified: true, nonce };
};

test("a sound ID token opens an account, with the e-mail that it carries itself", async () => {
  const claims = soundClaims("");
  const { returned, verifier } = await comeBack((nonce) => ({ claims: { ...claims, nonce } }));
  const answer = await exchange({ code: codeIn(returned), code_verifier: verifier });
  expect(answer.as(SignedIn).user.email).toBe(claims.email);
});

const past = Math.floor(Date.now() / 1000) - 3600;

test.each<[string, (nonce: string) => Instruction]>([
  ["with another nonce", () => ({ claims: soundClaims("another nonce") })],
  ["without a nonce", (nonce) => ({ claims: { ...soundClaims(nonce), nonce: null } })],
  ["for another audience", (nonce) => ({ claims: { ...soundClaims(nonce), aud: "another-shop" } })],
  [
    "for several audiences but granted to another",
    (nonce) => ({ claims: { ...soundClaims(nonce), aud: ["local-shop", "other"], azp: "other" } }),
  ],
  [
    "of another issuer",
    (nonce) => ({ claims: { ...soundClaims(nonce), iss: "https://accounts.google.com" } }),
  ],
  ["that has expired", (nonce) => ({ claims: { ...soundClaims(nonce), iat: past, exp: past + 60 } })],
  ["without a subject", (nonce) => ({ claims: { ...soundClaims(nonce), sub: null } })],
  [
    "signed by a key that the issuer does not publish",
    (nonce) => ({ claims: soundClaims(nonce), signed_by: "stranger" }),
  ],
])("an ID token %s signs nobody in", async (_what, instruct) => {
  const { returned } = await comeBack(instruct);
  expect(returned.searchParams.get("error")).toBe("sign_in_failed");
  expect(returned.searchParams.has("code")).toBe(false);
});

test("an answer that names another issuer is a mix-up, and signs nobody in", async () => {
  const { returned } = await comeBack((nonce) => ({ claims: soundClaims(nonce) }), {
    iss: stack().services.identity,
  });
  expect(returned.searchParams.get("error")).toBe("sign_in_failed");
});

test("a token endpoint that redirects is not followed, wherever it leads", async () => {
  const { returned } = await comeBack((nonce) => ({
    claims: soundClaims(nonce),
    redirect_to: `${stack().services.mail}/messages`,
  }));
  expect(returned.searchParams.get("error")).toBe("dependency_unavailable");
});

test("a code that the provider does not know is refused without a detail of why", async () => {
  const { returned } = await comeBack((nonce) => ({ claims: soundClaims(nonce) }), { code: "made up" });
  expect(Object.fromEntries(returned.searchParams)).toEqual({
    error: "sign_in_failed",
    error_description: "The sign-in at the provider could not be completed. Begin it again.",
  });
});
