import { expect, test, vi } from "vitest";
import { costOf, request } from "../../stack.ts";
import { logIn, newAccount, profile, registered, sql } from "./account.ts";
import { mailTo, mailsTo, tokenIn } from "./mailbox.ts";

const welcome = "Welcome";
const confirm = "confirm your e-mail";

function verify(token: string) {
  return request("/auth/email/verify", { method: "POST", json: { token } });
}

function sendAgain(token: string) {
  return request("/auth/email/verification", { method: "POST", token });
}

function changeEmail(token: string, email: string, password: string) {
  return request("/auth/email/change", {
    method: "POST",
    token,
    json: { email, current_password: password },
  });
}

test("the welcome mail's token proves the address, once", async () => {
  const { account, access_token: token } = await registered();
  const code = tokenIn(await mailTo(account.email, welcome));
  const answer = await verify(code);
  expect(answer).toMatchObject({ status: 200, body: { email: account.email, email_verified: true } });
  expect(costOf(answer).databaseCalls).toBeLessThanOrEqual(3);
  expect((await profile(token)).body).toMatchObject({ email_verified: true });
  expect(await verify(code)).toMatchObject({ status: 400, body: { code: "mail_token_refused" } });
  expect(await sendAgain(token)).toMatchObject({ status: 409, body: { code: "email_already_verified" } });
});

test("of ten uses of one token at once, one succeeds", async () => {
  const { account } = await registered();
  const code = tokenIn(await mailTo(account.email, welcome));
  const answers = await Promise.all(Array.from({ length: 10 }, () => verify(code)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 400)).toHaveLength(9);
});

test("a token is stored nowhere but in the mail", async () => {
  const { account, user } = await registered();
  const code = tokenIn(await mailTo(account.email, welcome));
  const [row] = await sql(
    `select (select jsonb_agg(t) from mail_tokens t where user_id = $1)::text
       || (select jsonb_agg(o) from outbox o where subject = $1)::text as text`,
    user.id,
  );
  expect(row?.["text"]).toContain("mtk_");
  expect(row?.["text"]).not.toContain(code);
});

test("a mail that is sent again makes the earlier one worthless, and the sixth has to wait", async () => {
  const { account, access_token: token } = await registered();
  const first = tokenIn(await mailTo(account.email, welcome));
  expect((await sendAgain(token)).status).toBe(202);
  const second = tokenIn(await mailTo(account.email, confirm));
  expect((await verify(first)).status).toBe(400);
  for (let times = 2; times <= 5; times++) expect((await sendAgain(token)).status).toBe(202);
  // Of what was counted in the window before, or where counts go while Redis is slow, a part may be forgiven.
  const paced = await vi.waitFor(async () => {
    const answer = await sendAgain(token);
    expect(answer).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    return answer;
  }, 25_000);
  expect(Number(paced.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await verify(second)).status).toBe(400);
});

test("an expired token, a truncated one and garbage are refused alike", async () => {
  const { account, user } = await registered();
  const code = tokenIn(await mailTo(account.email, welcome));
  await sql("update mail_tokens set expires_at = now() where user_id = $1", user.id);
  for (const bad of [code, code.slice(0, -1), `${code}A`, "garbage"])
    expect(await verify(bad), bad).toMatchObject({ status: 400, body: { code: "mail_token_refused" } });
});

test("a new address takes effect when it is proven, and the old one is told before and after", async () => {
  const { account, access_token: token } = await registered();
  const email = newAccount().email;
  expect((await changeEmail(token, email, account.password)).status).toBe(202);
  const code = tokenIn(await mailTo(email, "confirm your new e-mail"));
  await mailTo(account.email, "somebody asked to change");
  expect((await profile(token)).body).toMatchObject({ email: account.email });

  expect(await verify(code)).toMatchObject({ status: 200, body: { email, email_verified: true } });
  await mailTo(account.email, "was changed");
  expect((await logIn(email, account.password)).status).toBe(200);
  expect((await logIn(account.email, account.password)).status).toBe(401);
  expect((await verify(code)).status).toBe(400);
});

test("a change of address needs the current password and a free address", async () => {
  const { account, access_token: token } = await registered();
  const other = await registered();
  expect(await changeEmail(token, newAccount().email, "not the password")).toMatchObject({
    status: 401,
    body: { code: "invalid_credentials" },
  });
  expect(await changeEmail(token, other.account.email, account.password)).toMatchObject({
    status: 409,
    body: { code: "email_taken" },
  });
});

test("an address that got an account meanwhile is not taken over", async () => {
  const { account, access_token: token } = await registered();
  const wanted = newAccount();
  await changeEmail(token, wanted.email, account.password);
  const code = tokenIn(await mailTo(wanted.email, "confirm your new e-mail"));
  await registered(wanted);
  expect(await verify(code)).toMatchObject({ status: 409, body: { code: "email_taken" } });
  expect((await profile(token)).body).toMatchObject({ email: account.email });
});

test("nobody is mailed a token twice for one event", async () => {
  const { account, access_token: token, user } = await registered();
  await sendAgain(token);
  await mailTo(account.email, confirm);
  await sql(
    "update outbox set delivered_at = null, handled_by = '{}', leased_until = '-infinity' where subject = $1 and type = 'mail_token.issued'",
    user.id,
  );
  await expect
    .poll(
      () =>
        sql("select id from outbox where subject = $1 and delivered_at is null and dead_at is null", user.id),
      { timeout: 25_000 },
    )
    .toEqual([]);
  const mails = (await mailsTo(account.email)).filter(({ subject }) => subject.includes(confirm));
  expect(mails).toHaveLength(1);
});
