import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { makeAdmin } from "#local/make-admin";
import { request, stack } from "../../stack.ts";
import { refusalOf } from "../live/listener.ts";
import { ticketOf } from "../live/buyer.ts";
import { SignedIn, logIn, profile, refresh, registered, sessionIdOf, sql } from "./account.ts";

const SessionList = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      device: z.string(),
      network: z.string().nullable(),
      current: z.boolean(),
      last_used_at: z.iso.datetime(),
    }),
  ),
});

async function sessionsOf(token: string) {
  return (await request("/auth/sessions", { token })).as(SessionList).data;
}

function end(token: string, path = "") {
  return request(`/auth/sessions${path}`, { method: "DELETE", token });
}

/** The close code comes at once, but workerd lets go of the connection only when the object has been idle for 10 s. */
const socketOptions = { handshakeTimeout: 25_000, closeTimeout: 200 };

/** Resolves with the close code of a WebSocket that this token opened and that was greeted. */
async function openSocket(token: string): Promise<{ closed: Promise<number> }> {
  const socket = new WebSocket((await ticketOf({ token })).url, socketOptions);
  const closed = new Promise<number>((resolve) => {
    socket.on("close", resolve);
  });
  await new Promise((resolve, reject) => {
    socket.on("message", resolve);
    socket.on("error", reject);
  });
  return { closed };
}

test("an account sees where it is signed in, and from which device", async () => {
  const { account, ...first } = await registered();
  const answer = await request("/auth/login", {
    method: "POST",
    json: { email: account.email, password: account.password },
    headers: {
      "cf-connecting-ip": "203.0.113.77",
      "user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
    },
  });
  const second = answer.as(SignedIn);
  expect(await sessionsOf(second.access_token)).toMatchObject([
    { id: sessionIdOf(second), device: "Firefox on Windows", network: "203.0.113.0/24", current: true },
    { id: sessionIdOf(first), current: false },
  ]);
});

test("one session is ended by its id; somebody else's is not found", async () => {
  const { account, ...first } = await registered();
  const second = (await logIn(account.email, account.password)).as(SignedIn);
  const stranger = await registered();
  expect((await end(stranger.access_token, `/${sessionIdOf(first)}`)).status).toBe(404);
  expect((await end(second.access_token, `/${sessionIdOf(first)}`)).status).toBe(204);
  expect((await end(second.access_token, `/${sessionIdOf(first)}`)).status).toBe(404);
  expect((await end(second.access_token, "/ses_1")).status).toBe(400);
  expect((await refresh(first.refresh_token)).status).toBe(401);
  expect((await profile(first.access_token)).status).toBe(401);
  expect((await sessionsOf(second.access_token)).map(({ id }) => id)).toEqual([sessionIdOf(second)]);
});

test("signing out everywhere else spares the session that asks; everywhere spares none", async () => {
  const { account, ...first } = await registered();
  const second = (await logIn(account.email, account.password)).as(SignedIn);
  expect((await end(second.access_token)).status).toBe(204);
  expect((await refresh(first.refresh_token)).status).toBe(401);
  expect((await profile(second.access_token)).status).toBe(200);
  const third = (await logIn(account.email, account.password)).as(SignedIn);
  expect((await end(second.access_token, "?scope=all")).status).toBe(204);
  for (const session of [second, third]) {
    expect((await profile(session.access_token)).status).toBe(401);
    expect((await refresh(session.refresh_token)).status).toBe(401);
  }
});

test("an admin who was signed out everywhere can do nothing more as staff", async () => {
  const { account } = await registered();
  const { services } = stack();
  await makeAdmin(services.postgres, account.email);
  const admin = (await logIn(account.email, account.password)).as(SignedIn);
  expect((await request("/admin/orders", { token: admin.access_token })).status).toBe(200);
  await end(admin.access_token, "?scope=all");
  expect(await request("/admin/orders", { token: admin.access_token })).toMatchObject({
    status: 401,
    body: { code: "invalid_token" },
  });
});

test("a logout closes the WebSockets of its session and of no other", async () => {
  const { account, ...first } = await registered();
  const second = (await logIn(account.email, account.password)).as(SignedIn);
  const [ended, other] = [await openSocket(first.access_token), await openSocket(second.access_token)];
  await request("/auth/logout", { method: "POST", token: first.access_token });
  expect(await ended.closed).toBe(4403);
  expect((await end(second.access_token, "?scope=all")).status).toBe(204);
  expect(await other.closed).toBe(4403);
});

test("a refresh token that is used again closes the thief's WebSocket", async () => {
  const first = await registered();
  const second = (await refresh(first.refresh_token)).as(SignedIn);
  const third = (await refresh(second.refresh_token)).as(SignedIn);
  const socket = await openSocket(third.access_token);
  expect((await refresh(first.refresh_token)).status).toBe(401);
  expect(await socket.closed).toBe(4403);
});

test("a ticket of a session that has ended since opens nothing", async () => {
  const { access_token: token } = await registered();
  const { url } = await ticketOf({ token });
  await request("/auth/logout", { method: "POST", token });
  expect(await refusalOf(url)).toEqual({ status: 401, code: "invalid_token" });
  const late = await ticketOf({ token });
  expect(await refusalOf(late.url)).toEqual({ status: 401, code: "invalid_token" });
});

test("the sign-in beyond the twentieth ends the session unused for longest, and closes its WebSocket", async () => {
  const { account, ...first } = await registered();
  const socket = await openSocket(first.access_token);
  await sql(
    `insert into sessions (id, user_id, refresh_hash, rotated_at, expires_at)
     select 'ses_' || n || $1, $1, 'hash ' || n || $1, now() + make_interval(secs => n), now() + interval '1 day'
     from generate_series(1, 19) n`,
    first.user.id,
  );
  const last = (await logIn(account.email, account.password)).as(SignedIn);
  expect(await socket.closed).toBe(4403);
  expect((await refresh(first.refresh_token)).status).toBe(401);
  const standing = (await sessionsOf(last.access_token)).map(({ id }) => id);
  expect(standing).toHaveLength(20);
  expect(standing).toContain(sessionIdOf(last));
  expect(standing).not.toContain(sessionIdOf(first));
});
