import { expect, test } from "vitest";
import { openToken, signToken } from "#platform/signed-tokens";
import { settingsFor } from "../auth/settings.ts";

const [first, second, third] = [
  "one secret of the tests ",
  "a second one of the tests",
  "the third of the tests",
].map((text) => text.padEnd(40, ".")) as [string, string, string];
const before = settingsFor({ TOKEN_SECRET: first });
const during = settingsFor({ TOKEN_SECRET: second, TOKEN_SECRET_FORMER: first });
const after = settingsFor({ TOKEN_SECRET: third, TOKEN_SECRET_FORMER: second });

test("a token outlives one change of the secret, and not the next", async () => {
  const token = await signToken(before, "order", "ord_1");
  expect(await openToken(during, "order", token)).toBe("ord_1");
  expect(await openToken(after, "order", token)).toBeUndefined();
});

test("the new secret signs at once", async () => {
  const token = await signToken(during, "order", "ord_1");
  expect(await openToken(after, "order", token)).toBe("ord_1");
  expect(await openToken(before, "order", token)).toBeUndefined();
});

test.each(["cart", "cursor", "live-ticket", "refresh"] as const)(
  "a %s token opens no order",
  async (purpose) => {
    expect(await openToken(during, "order", await signToken(during, purpose, "ord_1"))).toBeUndefined();
  },
);

test.each([
  ["another payload", (payload: string, signature: string) => `${payload}x.${signature}`],
  ["no signature", (payload: string) => `${payload}.`],
  ["a third part", (payload: string, signature: string) => `${payload}.${signature}.x`],
  ["half a signature", (payload: string, signature: string) => `${payload}.${signature.slice(0, 20)}`],
])("%s opens nothing", async (_name, forge) => {
  const [payload = "", signature = ""] = (await signToken(during, "order", "ord_1")).split(".");
  expect(await openToken(during, "order", forge(payload, signature))).toBeUndefined();
});
