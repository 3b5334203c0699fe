import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { normalizeRecoveryCode, stepOfCode, toBase32, totpCode, totpStepAt } from "#features/mfa/rules";
import { openSealedText, sealText } from "#platform/sealed-text";
import { settingsFor } from "./auth/settings.ts";

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text));
const secret = bytesOf("12345678901234567890");

test.each([
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_111_111_111, "050471"],
  [1_234_567_890, "005924"],
  [2_000_000_000, "279037"],
  [20_000_000_000, "353130"],
])("at second %i the code is the one that RFC 6238 gives", async (seconds, code) => {
  expect(await totpCode(secret, totpStepAt(seconds))).toBe(code);
});

test("a code is good one step early and one step late, and no further", async () => {
  const step = totpStepAt(1_234_567_890);
  const at = (steps: number) => (step + steps) * 30;
  const code = await totpCode(secret, step);
  expect(await stepOfCode(secret, code, at(0))).toBe(step);
  expect(await stepOfCode(secret, code, at(-1))).toBe(step);
  expect(await stepOfCode(secret, code, at(1))).toBe(step);
  expect(await stepOfCode(secret, code, at(-2))).toBeUndefined();
  expect(await stepOfCode(secret, code, at(2))).toBeUndefined();
});

test.each([
  ["", ""],
  ["f", "MY"],
  ["fo", "MZXQ"],
  ["foo", "MZXW6"],
  ["foob", "MZXW6YQ"],
  ["fooba", "MZXW6YTB"],
  ["foobar", "MZXW6YTBOI"],
])("base 32 of %j is as RFC 4648 has it", (text, encoded) => {
  expect(toBase32(bytesOf(text))).toBe(encoded);
});

test("a recovery code may be typed in small letters, with spaces or without dashes", () => {
  expect(normalizeRecoveryCode(" k7qt-2mza pl5xwe3n ")).toBe("K7QT2MZAPL5XWE3N");
});

const keyNamed = (kid: string) => ({
  kid,
  key: createHmac("sha256", "test").update(kid).digest("base64url"),
});
const settingsWith = (...kids: string[]) =>
  settingsFor({ ENCRYPTION_KEYS: JSON.stringify(kids.map(keyNamed)) });

test("a sealed text opens for its owner, also after the keys were rotated", async () => {
  const sealed = await sealText(settingsWith("old"), "ada", "a secret");
  expect(sealed.sealed).not.toContain("secret");
  expect(await openSealedText(settingsWith("new", "old"), "ada", sealed)).toBe("a secret");
  expect((await sealText(settingsWith("new", "old"), "ada", "a secret")).keyId).toBe("new");
});

test("a sealed text opens for no other owner, and not without its key", async () => {
  const sealed = await sealText(settingsWith("old"), "ada", "a secret");
  await expect(openSealedText(settingsWith("old"), "eve", sealed)).rejects.toThrow();
  await expect(openSealedText(settingsWith("new"), "ada", sealed)).rejects.toThrow(/no key "old"/);
});
