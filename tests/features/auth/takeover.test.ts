import { expect, test } from "vitest";
import { request } from "../../stack.ts";
import { customerWithApp } from "../mfa/authenticator.ts";
import { creationOptions, newChallenge, newDevice, register, signIn } from "../passkeys/authenticator.ts";
import { logIn, registered, sql } from "./account.ts";
import { mailTo, tokenIn } from "./mailbox.ts";

async function resetByMail(email: string, password: string): Promise<void> {
  await request("/auth/password/forgot", { method: "POST", json: { email } });
  const token = tokenIn(await mailTo(email, "choose a new password"));
  const answer = await request("/auth/password/reset", { method: "POST", json: { token, password } });
  expect(answer.status).toBe(204);
}

/** An account with an authenticator app and a passkey, made by somebody who may not own the address. */
async function accountWithEverything() {
  const customer = await registered();
  const device = newDevice();
  const credential = device.create(await creationOptions(customer.access_token));
  expect((await register(customer.access_token, credential)).status).toBe(201);
  await customerWithApp(customer);
  await sql(
    `insert into identities (id, user_id, provider, subject) values ('idn_' || $1, $1, 'local', 'thief of ' || $1)`,
    customer.user.id,
  );
  return { ...customer, device };
}

test("who made an account under another's address keeps no way in when its owner resets the password", async () => {
  const { account, device, user } = await accountWithEverything();
  await resetByMail(account.email, "the owner's own words");
  const byPasskey = await signIn(device.use(await newChallenge(), { counter: 7 }));
  expect(byPasskey).toMatchObject({ status: 401, body: { code: "passkey_refused" } });
  expect(await sql("select 1 from identities where user_id = $1", user.id)).toEqual([]);
  // Nor does the stranger's app stand between the owner and the account.
  expect((await logIn(account.email, "the owner's own words")).status).toBe(200);
});

test("an owner who has proven the address keeps passkeys and the app through a reset", async () => {
  const { account, device, user } = await accountWithEverything();
  await sql("update users set email_verified_at = now() where id = $1", user.id);
  await resetByMail(account.email, "the owner's own words");
  expect((await signIn(device.use(await newChallenge(), { counter: 7 }))).status).toBe(200);
  expect(await logIn(account.email, "the owner's own words")).toMatchObject({
    status: 401,
    body: { code: "mfa_required" },
  });
});
