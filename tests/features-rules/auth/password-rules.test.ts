import { expect, test } from "vitest";
import { refuseWeakPassword } from "#features/auth/password-rules";

const email = "ada.lovelace@customers.example";

test.each([
  ["a password that everybody tries first", "Password123", "too_common"],
  ["one letter over and over", "aaaaaaaaaaaa", "too_common"],
  ["the e-mail address", email.toUpperCase(), "same_as_email"],
  ["the part before the @", "Ada.Lovelace", "same_as_email"],
])("refuses %s", (_what, password, code) => {
  expect(() => refuseWeakPassword(password, email)).toThrow(
    expect.objectContaining({
      code: "invalid_request",
      extras: expect.objectContaining({ errors: [expect.objectContaining({ pointer: "/password", code })] }),
    }),
  );
});

test.each(["tr0mbone", "only small letters", "пароль из слов", "🐎🔋📎🧷🐎🔋📎🧷"])(
  "takes %s, for there are no rules of composition",
  (password) => {
    expect(() => refuseWeakPassword(password, email)).not.toThrow();
  },
);
