import { expect, test } from "vitest";
import { EmailText, plainText } from "#core/text";

test.each([
  "ada@example.com",
  "o'hara+shop.news@mail.example-shop.co.uk",
  `${"a".repeat(64)}@example.com`,
  "  ada@example.com ",
])("%s is an address", (text) => {
  expect(EmailText.parse(text)).toBe(text.trim());
});

test.each([
  "ada",
  "@example.com",
  "ada@localhost",
  ".ada@example.com",
  "ada.@example.com",
  "a..da@example.com",
  "ada@-example.com",
  "ada@example.c",
  "ada@exämple.com",
  "аda@example.com",
  "ada@example.com\nbcc: eve@example.com",
  "ada@example.com, eve@example.com",
  '"ada"@example.com',
  "ada@[127.0.0.1]",
  `${"a".repeat(65)}@example.com`,
  `ada@${"a".repeat(64)}.com`,
  `ada@${"a.".repeat(130)}com`,
])("%s is none", (text) => {
  expect(EmailText.safeParse(text).success).toBe(false);
});

test("a line has no control characters", () => {
  expect(plainText.test("Zoë 日本 🏔")).toBe(true);
  for (const text of ["", "a\nb", "a\u0000", "\u009f"]) expect(plainText.test(text)).toBe(false);
});
