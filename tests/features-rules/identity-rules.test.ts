import { expect, test } from "vitest";
import { decideAboutStranger, nameFrom } from "#features/identities/rules";

const account = { emailVerified: true };

test("an e-mail that both sides have verified links", () => {
  expect(decideAboutStranger({ email: "mike@example.com", emailVerified: true }, account)).toEqual({
    ok: true,
    act: "link",
    email: "mike@example.com",
  });
});

test.each([
  ["the Kelvin sign, whose small letter is k", "mi\u212ae@example.com"],
  ["a Cyrillic letter", "m\u0456ke@example.com"],
  ["a second address", "mike@example.com,eve@example.com"],
  ["a line break", "mike@example.com\n"],
])("an address with %s opens and links nothing", (_name, email) => {
  const refusal = { ok: false, reason: "provider_email_unverified" };
  expect(decideAboutStranger({ email, emailVerified: true }, account)).toEqual(refusal);
  expect(decideAboutStranger({ email, emailVerified: true }, undefined)).toEqual(refusal);
});

test("a name is cut between characters, and holds no halves of any", () => {
  expect(nameFrom(`${"a".repeat(199)}😀`, "ada@example.com")).toBe("a".repeat(199));
  expect(nameFrom("Ada \ud83d Lovelace", "ada@example.com").isWellFormed()).toBe(true);
  expect(nameFrom("\u0000\n", "ada@example.com")).toBe("ada");
});
