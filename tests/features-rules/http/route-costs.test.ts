import { expect, test } from "vitest";
import { type RouteName, routeAccess } from "#http/route-access";
import { costOf } from "#http/route-costs";

const names = Object.keys(routeAccess) as RouteName[];

test("a write that anybody may send is counted before anything happens", () => {
  const open = names.filter((name) => routeAccess[name] === "public" && !name.startsWith("GET "));
  expect(open.length).toBeGreaterThan(5);
  for (const name of open) expect([name, costOf(name).counted]).toEqual([name, "strictly"]);
});

/** Where a password, a code, a token or a signature of the caller's is tried. */
const secretsAreTried: readonly RouteName[] = [
  "POST /auth/login",
  "POST /auth/email/verify",
  "POST /auth/password/reset",
  "POST /auth/password/change",
  "POST /auth/step-up",
  "GET /auth/oauth/{provider}/callback",
  "POST /auth/oauth/exchange",
  "POST /auth/identities",
  "POST /auth/passkeys/sign-in",
  "POST /auth/passkeys",
  "POST /auth/mfa/verify",
  "POST /auth/mfa/totp/confirm",
];

test.each(secretsAreTried)("%s is dear and counted before the secret is looked at", (name) => {
  expect(costOf(name)).toEqual({ units: 20, counted: "strictly" });
});

test("nothing is free but health and what comes with the sender's signature", () => {
  const free = names.filter((name) => costOf(name).units === 0);
  const signed = names.filter((name) => /^POST \/(webhooks|jobs)\//.test(name));
  expect(free.sort()).toEqual(["GET /health", ...signed].sort());
});

test("no write costs as little as a read", () => {
  const writes = names.filter((name) => !name.startsWith("GET ") && costOf(name).units > 0);
  for (const name of writes) expect([name, costOf(name).units > 1]).toEqual([name, true]);
});
