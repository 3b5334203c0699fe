import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { request } from "../../stack.ts";
import { SignedIn, newAccount, registered } from "./account.ts";

/** An address of a network that nobody else uses. */
function newAddress(): string {
  return `2001:db8:${randomInt(65_536).toString(16)}:${randomInt(65_536).toString(16)}::1`;
}

function logInFrom(address: string, email: string, password: string) {
  return request("/auth/login", {
    method: "POST",
    json: { email, password },
    headers: { "cf-connecting-ip": address },
  });
}

async function guess(address: string, email: string, times: number): Promise<number[]> {
  const statuses = [];
  for (let attempt = 1; attempt <= times; attempt++)
    statuses.push((await logInFrom(address, email, `wrong ${attempt}`)).status);
  return statuses;
}

/**
 * Guesses until an attempt is held off. On a slow machine the first delays may be over before the next guess arrives,
 * which then doubles them.
 */
async function guessUntilHeld(address: string, email: string) {
  for (let through = 0; through < 20; through++) {
    const answer = await logInFrom(address, email, `wrong ${through}`);
    if (answer.status === 429) return { through, answer, seconds: Number(answer.headers.get("retry-after")) };
    expect(answer.status).toBe(401);
  }
  throw new Error("twenty guesses one after the other were let through");
}

test("the twelfth wrong password from one network has to wait, and so has the right one there", async () => {
  const { account } = await registered();
  const address = newAddress();
  const { through, answer, seconds } = await guessUntilHeld(address, account.email);
  expect(through).toBeGreaterThanOrEqual(11);
  expect(seconds).toBeLessThanOrEqual(2 ** (through - 11));
  expect(answer).toMatchObject({ status: 429, body: { code: "rate_limited", retryable: true } });
  // The right one is tried in the midst of a delay that is long enough for that.
  await expect
    .poll(async () => (await guessUntilHeld(address, account.email)).seconds, { timeout: 25_000 })
    .toBeGreaterThanOrEqual(3);
  expect((await logInFrom(address, account.email, account.password)).status).toBe(429);
  await expect
    .poll(async () => (await logInFrom(address, account.email, account.password)).status, { timeout: 25_000 })
    .toBe(200);
});

test("whoever comes from elsewhere is not held off by the attack", async () => {
  const { account } = await registered();
  expect((await guess(newAddress(), account.email, 14)).filter((status) => status === 429)).not.toEqual([]);
  const answer = await logInFrom(newAddress(), account.email, account.password);
  expect(answer.as(SignedIn).user.email).toBe(account.email);
});

test("an account that many networks attack lets each stranger try twice, and its owner in", async () => {
  const { account } = await registered();
  const home = newAddress();
  expect((await logInFrom(home, account.email, account.password)).status).toBe(200);
  // Beyond fifty failures from everywhere the delays have begun, and grow to minutes with each further one.
  for (let stranger = 0; stranger < 6; stranger++) await guess(newAddress(), account.email, 11);
  const stranger = newAddress();
  expect(await guess(stranger, account.email, 3)).toEqual([401, 401, 429]);
  expect((await logInFrom(home, account.email, account.password)).status).toBe(200);
  expect((await logInFrom(newAddress(), account.email, account.password)).status).toBe(200);
});

test("of thirty guesses at once no more are let through than one after the other", async () => {
  const { account } = await registered();
  const address = newAddress();
  const since = Date.now();
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) => logInFrom(address, account.email, `wrong ${index}`)),
  );
  // Delays of one, two, four seconds that a slow machine has sat out let one more through each.
  const satOut = Math.floor(Math.log2(1 + (Date.now() - since) / 1_000));
  const through = answers.filter(({ status }) => status === 401);
  expect(through.length).toBeGreaterThan(0);
  expect(through.length).toBeLessThanOrEqual(11 + satOut);
  expect(answers.some(({ status }) => status === 200)).toBe(false);
});

test("an unknown e-mail is held off like a known one", async () => {
  const { email } = newAccount();
  const address = newAddress();
  expect(await guess(address, email, 6)).toEqual(Array(6).fill(401));
  const { through } = await guessUntilHeld(address, email.toUpperCase());
  expect(through).toBeGreaterThanOrEqual(5);
  expect(through).toBeLessThan(10);
});

test("a right password makes up for the wrong ones before it", async () => {
  const { account } = await registered();
  const address = newAddress();
  for (let times = 1; times <= 3; times++) {
    expect(await guess(address, account.email, 8)).toEqual(Array(8).fill(401));
    expect((await logInFrom(address, account.email, account.password)).status).toBe(200);
  }
});
