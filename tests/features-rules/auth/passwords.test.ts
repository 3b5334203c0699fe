import { expect, test } from "vitest";
import type { Settings } from "#platform/env";
import { type Hasher, hashPassword, needsRehash, verifyPassword } from "#platform/passwords";
import { settingsFor } from "./settings.ts";

const settings = settingsFor({ PASSWORD_SCRYPT_PARALLELISM: "1" });
const hasher = hasherWith(settings);

function hasherWith(settings: Settings): Hasher {
  return { settings, counts: { databaseCalls: 0, objectCalls: 0, passwordHashings: 0 } };
}

test("a hash opens to its own password only", async () => {
  const hash = await hashPassword(hasher, "correct horse");
  expect(await verifyPassword(hasher, "correct horse", hash)).toBe(true);
  expect(await verifyPassword(hasher, "correct horsf", hash)).toBe(false);
});

test("the same password gets another hash each time, and each tells its parameters", async () => {
  const [one, other] = await Promise.all([hashPassword(hasher, "same"), hashPassword(hasher, "same")]);
  expect(one).not.toBe(other);
  expect(one).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
});

test("a hash with other parameters still opens, and asks to be made anew", async () => {
  const stronger = settingsFor({ PASSWORD_SCRYPT_PARALLELISM: "2" });
  const hash = await hashPassword(hasher, "correct horse");
  expect(await verifyPassword(hasherWith(stronger), "correct horse", hash)).toBe(true);
  expect(needsRehash(stronger, hash)).toBe(true);
  expect(needsRehash(settings, hash)).toBe(false);
});

test.each([undefined, null, "", "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA", "$scrypt$ln=31,r=8,p=1$x$y"])(
  "no password opens the hash %j",
  async (hash) => {
    expect(await verifyPassword(hasher, "", hash)).toBe(false);
  },
);

test("an account that does not exist costs the hashing of one that does", async () => {
  const hash = await hashPassword(hasher, "correct horse");
  const [known, unknown] = [hasherWith(settings), hasherWith(settings)];
  await verifyPassword(known, "wrong", hash);
  await verifyPassword(unknown, "wrong", undefined);
  expect(known.counts.passwordHashings).toBe(1);
  expect(unknown.counts.passwordHashings).toBe(1);
});
