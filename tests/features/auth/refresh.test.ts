import { expect, test } from "vitest";
import { costOf } from "../../stack.ts";
import { SignedIn, logIn, profile, refresh, registered, sessionIdOf, sql } from "./account.ts";

const graceIsOver = "update sessions set rotated_at = rotated_at - interval '11 seconds' where id = $1";

test("a refresh gives new tokens for the same session, in one database call", async () => {
  const session = await registered();
  const answer = await refresh(session.refresh_token);
  expect(answer.status).toBe(200);
  expect(costOf(answer).databaseCalls).toBe(1);
  const next = answer.as(SignedIn);
  expect(next.user).toEqual(session.user);
  expect(next.refresh_token).not.toBe(session.refresh_token);
  expect(sessionIdOf(next)).toBe(sessionIdOf(session));
  expect((await profile(next.access_token)).status).toBe(200);
});

test("twenty refreshes at once all succeed with one and the same successor", async () => {
  const session = await registered();
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(session.refresh_token)));
  const successors = new Set(answers.map((answer) => answer.as(SignedIn).refresh_token));
  expect(successors.size).toBe(1);
  const [successor = ""] = successors;
  expect((await refresh(successor)).status).toBe(200);
});

test("a token used again after the grace ends the session, its successor included", async () => {
  const session = await registered();
  const next = (await refresh(session.refresh_token)).as(SignedIn);
  await sql(graceIsOver, sessionIdOf(session));
  const reused = await refresh(session.refresh_token);
  expect(reused.status).toBe(401);
  expect(reused.body).toMatchObject({ code: "invalid_token" });
  expect((await refresh(next.refresh_token)).status).toBe(401);
  expect((await profile(next.access_token)).status).toBe(401);
});

test("a token from several rotations ago ends the session as well, even within the grace", async () => {
  const session = await registered();
  const second = (await refresh(session.refresh_token)).as(SignedIn);
  const third = (await refresh(second.refresh_token)).as(SignedIn);
  expect((await refresh(session.refresh_token)).status).toBe(401);
  expect((await refresh(third.refresh_token)).status).toBe(401);
});

test("using the predecessor within the grace does not lengthen the grace", async () => {
  const session = await registered();
  await refresh(session.refresh_token);
  // However long this test is kept waiting, the grace is not over.
  await sql(
    "update sessions set rotated_at = rotated_at + interval '1 hour' where id = $1",
    sessionIdOf(session),
  );
  const before = await sql("select rotated_at from sessions where id = $1", sessionIdOf(session));
  expect((await refresh(session.refresh_token)).status).toBe(200);
  expect(await sql("select rotated_at from sessions where id = $1", sessionIdOf(session))).toEqual(before);
});

test("the end of one session leaves the others of the account", async () => {
  const stolen = await registered();
  const other = (await logIn(stolen.account.email, stolen.account.password)).as(SignedIn);
  await refresh(stolen.refresh_token);
  await sql(graceIsOver, sessionIdOf(stolen));
  await refresh(stolen.refresh_token);
  expect((await refresh(other.refresh_token)).status).toBe(200);
});

test("a session that has expired cannot be refreshed", async () => {
  const session = await registered();
  await sql("update sessions set expires_at = now() where id = $1", sessionIdOf(session));
  expect((await refresh(session.refresh_token)).status).toBe(401);
});

test("refreshing does not carry a session beyond its longest life", async () => {
  const session = await registered();
  await sql(
    "update sessions set created_at = now() - interval '179 days' where id = $1",
    sessionIdOf(session),
  );
  await refresh(session.refresh_token);
  const [row] = await sql(
    "select expires_at < now() + interval '1 day' as soon from sessions where id = $1",
    sessionIdOf(session),
  );
  expect(row?.["soon"]).toBe(true);
});

test("garbage, truncated and foreign tokens are refused without asking the database", async () => {
  const session = await registered();
  const [text = "", signature = ""] = session.refresh_token.split(".");
  const other = await registered();
  const forged = [
    "garbage",
    session.refresh_token.slice(0, -1),
    text,
    `${text}.`,
    `.${signature}`,
    `${text}.${other.refresh_token.split(".")[1]}`,
    session.access_token,
  ];
  for (const token of forged) {
    const answer = await refresh(token);
    expect(answer.status, token).toBe(401);
    expect(costOf(answer).databaseCalls).toBe(0);
  }
  expect((await refresh(session.refresh_token)).status).toBe(200);
});

test("an expired access token in the header does not keep anybody from refreshing", async () => {
  const session = await registered();
  const answer = await refresh(session.refresh_token, { authorization: "Bearer expired-long-ago" });
  expect(answer.status).toBe(200);
});
