import { expect, test } from "vitest";
import { hashPassword, needsRehash, verifyPassword } from "#platform/passwords";
import { settingsFor } from "./settings.ts";

const settings = settingsFor({ PASSWORD_SCRYPT_PARALLELISM: "1" });

test("a hash opens to its own password only", async () => {
  const hash = await hashPassword(settings, "correct horse");
  expect(await verifyPassword(settings, "correct horse", hash)).toBe(true);
  expect(await verifyPassword(settings, "correct horsf", hash)).toBe(false);
});

test("the same password gets another hash each time, and each tells its parameters", async () => {
  const [one, other] = await Promise.all([hashPassword(settings, "same"), hashPassword(settings, "same")]);
  expect(one).not.toBe(other);
  expect(one).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
});

test("a hash with other parameters still opens, and asks to be made anew", async () => {
  const stronger = settingsFor({ PASSWORD_SCRYPT_PARALLELISM: "2" });
  const hash = await hashPassword(settings, "correct horse");
  expect(await verifyPassword(stronger, "correct horse", hash)).toBe(true);
  expect(needsRehash(stronger, hash)).toBe(true);
  expect(needsRehash(settings, hash)).toBe(false);
});

test.each([undefined, null, "", "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA", "$scrypt$ln=31,r=8,p=1$x$y"])(
  "no password opens the hash %j",
  async (hash) => {
    expect(await verifyPassword(settings, "", hash)).toBe(false);
  },
);

test("an account that does not exist costs the hashing of one that does", async () => {
  const hash = await hashPassword(settings, "correct horse");
  await verifyPassword(settings, "warm up", hash);
  const known = await timed(() => verifyPassword(settings, "wrong", hash));
  const unknown = await timed(() => verifyPassword(settings, "wrong", undefined));
  expect(unknown).toBeGreaterThan(known / 4);
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
