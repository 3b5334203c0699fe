import { randomBytes } from "node:crypto";
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { z } from "zod";
import { request } from "../../stack.ts";
import { SignedIn, profile, refresh, registered, sessionIdOf, sql } from "../auth/account.ts";
import { customerWithApp } from "../mfa/authenticator.ts";
import {
  type Deviation,
  challengeOf,
  creationOptions,
  newChallenge,
  newDevice,
  register,
  signIn,
} from "./authenticator.ts";

const Passkey = z.strictObject({
  id: z.string().startsWith("psk_"),
  name: z.string(),
  synced: z.boolean(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().nullable(),
});

/** A new customer with a passkey on a device. */
async function customerWithPasskey(session?: SignedIn) {
  const customer = session ?? (await registered());
  const device = newDevice();
  const credential = device.create(await creationOptions(customer.access_token));
  const passkey = (await register(customer.access_token, credential)).as(Passkey);
  return { ...customer, device, passkey };
}

function remove(token: string, id: string) {
  return request(`/auth/passkeys/${id}`, { method: "DELETE", token });
}

test("a passkey signs its owner in without a name or a password", async () => {
  const { user, device } = await customerWithPasskey();
  const session = (await signIn(device.use(await newChallenge()))).as(SignedIn);
  expect(session.user.id).toBe(user.id);
  expect(decodeJwt(session.access_token)["amr"]).toEqual(["passkey"]);
  expect((await profile(session.access_token)).status).toBe(200);
});

test("a passkey is enough also where an authenticator app is asked for after the password", async () => {
  const { device } = await customerWithPasskey(await customerWithApp());
  expect((await signIn(device.use(await newChallenge()))).status).toBe(200);
});

test("a challenge is good once, and one that is not ours is not good at all", async () => {
  const { device } = await customerWithPasskey();
  const answer = device.use(await newChallenge());
  expect((await signIn(answer)).status).toBe(200);
  for (const replay of [answer, device.use(randomBytes(32).toString("base64url"))])
    expect((await signIn(replay)).body).toMatchObject({ status: 401, code: "passkey_refused" });
});

test("of ten answers to one challenge at once, one signs in", async () => {
  const { device } = await customerWithPasskey();
  const challenge = await newChallenge();
  const answers = await Promise.all(Array.from({ length: 10 }, () => signIn(device.use(challenge))));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

const deviations: [string, Deviation][] = [
  ["from a page of another origin", { origin: "https://evil.example" }],
  ["for another site", { relyingParty: "evil.example" }],
  ["of another kind", { type: "payment.get" }],
  ["without the person being verified", { flags: 0x01 }],
  ["in the name of somebody else", { userHandle: Buffer.from("usr_somebody").toString("base64url") }],
];

test.each(deviations)("an answer %s is refused", async (_what, deviation) => {
  const { device } = await customerWithPasskey();
  const answer = await signIn(device.use(await newChallenge(), deviation));
  expect(answer.body).toMatchObject({ status: 401, code: "passkey_refused" });
});

test("another device's signature under a known credential's name is refused", async () => {
  const victim = await customerWithPasskey();
  const { device } = await customerWithPasskey();
  const challenge = await newChallenge();
  const { id, rawId } = victim.device.use(challenge);
  const forged = { ...device.use(challenge), id, rawId };
  expect((await signIn(forged)).body).toMatchObject({ status: 401, code: "passkey_refused" });
});

test("a count that does not grow shows a copy of the device, and is refused", async () => {
  const { device } = await customerWithPasskey();
  expect((await signIn(device.use(await newChallenge(), { counter: 50 }))).status).toBe(200);
  for (const counter of [50, 49, 0]) {
    const copy = await signIn(device.use(await newChallenge(), { counter }));
    expect(copy.body).toMatchObject({ status: 401, code: "passkey_refused" });
  }
  expect((await signIn(device.use(await newChallenge(), { counter: 51 }))).status).toBe(200);
});

test("a device that never counts signs in again and again", async () => {
  const { access_token: token } = await registered();
  const device = newDevice();
  await register(token, device.create(await creationOptions(token), { counter: 0 }));
  for (let use = 0; use < 2; use++)
    expect((await signIn(device.use(await newChallenge(), { counter: 0 }))).status).toBe(200);
});

test("a passkey is registered by nobody but who was asked to, once, and from the shop's page", async () => {
  const { access_token: token } = await registered();
  const { access_token: stranger } = await registered();
  const refused = { status: 401, code: "passkey_refused" };
  expect((await register(stranger, newDevice().create(await creationOptions(token)))).body).toMatchObject(
    refused,
  );
  const elsewhere = newDevice().create(await creationOptions(token), { origin: "https://evil.example" });
  expect((await register(token, elsewhere)).body).toMatchObject(refused);
  const unverified = newDevice().create(await creationOptions(token), { flags: 0x41 });
  expect((await register(token, unverified)).body).toMatchObject(refused);
  const device = newDevice();
  const credential = device.create(await creationOptions(token));
  expect((await register(token, credential)).status).toBe(201);
  expect((await register(token, credential)).body).toMatchObject(refused);
  const twice = device.create(await creationOptions(stranger));
  expect((await register(stranger, twice)).body).toMatchObject(refused);
});

test("a challenge to sign in makes no passkey", async () => {
  const { access_token: token } = await registered();
  const options = await creationOptions(token);
  const signInChallenge = await newChallenge();
  const swapped = {
    ...options,
    as: <T>(schema: z.ZodType<T>) => schema.parse(withChallenge(options.body, signInChallenge)),
  };
  expect((await register(token, newDevice().create(swapped))).body).toMatchObject({
    code: "passkey_refused",
  });
});

function withChallenge(body: unknown, challenge: string): unknown {
  const { public_key: publicKey, expires_in: expiresIn } = z
    .looseObject({ public_key: z.looseObject({}), expires_in: z.int() })
    .parse(body);
  return { public_key: { ...publicKey, challenge }, expires_in: expiresIn };
}

test("an account lists, renames and removes its passkeys, and a removed one opens nothing", async () => {
  const { access_token: token, device, passkey } = await customerWithPasskey();
  const renamed = await request(`/auth/passkeys/${passkey.id}`, {
    method: "PATCH",
    token,
    json: { name: "Old phone" },
  });
  expect(renamed.as(Passkey).name).toBe("Old phone");
  const listed = await request("/auth/passkeys", { token });
  expect(listed.body).toEqual({ data: [renamed.body] });
  expect((await remove(token, passkey.id)).status).toBe(204);
  for (const id of [passkey.id, "no-such-id"])
    expect((await remove(token, id)).body).toMatchObject({ status: 404, code: "not_found" });
  expect((await signIn(device.use(await newChallenge()))).body).toMatchObject({ code: "passkey_refused" });
});

test("another account's passkey can neither be renamed nor removed", async () => {
  const { passkey, device } = await customerWithPasskey();
  const { access_token: stranger } = await registered();
  const path = `/auth/passkeys/${passkey.id}`;
  const renamed = await request(path, { method: "PATCH", token: stranger, json: { name: "Mine" } });
  expect(renamed.body).toMatchObject({ status: 404, code: "not_found" });
  expect((await remove(stranger, passkey.id)).body).toMatchObject({ status: 404, code: "not_found" });
  expect((await signIn(device.use(await newChallenge()))).status).toBe(200);
});

test("the last way to sign in cannot be removed", async () => {
  const { access_token: token, passkey, user } = await customerWithPasskey();
  await sql("update users set password_hash = null where id = $1", user.id);
  expect((await remove(token, passkey.id)).body).toMatchObject({ status: 409, code: "last_sign_in_method" });
});

test("an old sign-in must be proven again before passkeys change, and a passkey can prove it", async () => {
  const customer = await customerWithPasskey();
  await sql(
    "update sessions set authenticated_at = now() - interval '1 hour' where id = $1",
    sessionIdOf(customer),
  );
  const { access_token: old } = (await refresh(customer.refresh_token)).as(SignedIn);
  for (const refused of [
    await creationOptions(old),
    await register(old, newDevice().use(await newChallenge())),
    await remove(old, customer.passkey.id),
  ])
    expect([401, 400]).toContain(refused.status);
  const stepUp = (credential: object) =>
    request("/auth/step-up", { method: "POST", token: old, json: { passkey: credential } });
  const foreign = await customerWithPasskey();
  expect((await stepUp(foreign.device.use(await newChallenge()))).body).toMatchObject({
    code: "passkey_refused",
  });
  const proven = await stepUp(customer.device.use(await newChallenge()));
  const { access_token: fresh } = proven.as(z.looseObject({ access_token: z.string() }));
  expect(challengeOf(await creationOptions(fresh))).toMatch(/^[\w-]{43}$/);
});
