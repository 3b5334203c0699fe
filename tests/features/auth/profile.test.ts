import { expect, test } from "vitest";
import { request } from "../../stack.ts";
import { profile, registered } from "./account.ts";
import { mailTo, tokenIn } from "./mailbox.ts";

function change(token: string, json: object, ifMatch?: string) {
  const headers: Record<string, string> = { "content-type": "application/merge-patch+json" };
  if (ifMatch !== undefined) headers["if-match"] = ifMatch;
  return request("/auth/profile", { method: "PATCH", token, json, headers });
}

test("a name and a language are changed by a merge patch, each by itself", async () => {
  const { access_token: token } = await registered();
  const read = await profile(token);
  expect(read.body).toMatchObject({ locale: null });
  const named = await change(token, { name: "Ada King" }, read.headers.get("etag") ?? "");
  expect(named).toMatchObject({ status: 200, body: { name: "Ada King", locale: null } });
  const spoken = await change(token, { locale: "pt-BR" }, named.headers.get("etag") ?? "");
  expect(spoken.body).toMatchObject({ name: "Ada King", locale: "pt-BR" });
  const emptied = await change(token, { locale: null }, spoken.headers.get("etag") ?? "");
  expect(emptied.body).toMatchObject({ name: "Ada King", locale: null });
});

test("a change needs the ETag of what was read: missing it is 428, an older one is 412", async () => {
  const { access_token: token } = await registered();
  const etag = (await profile(token)).headers.get("etag") ?? "";
  expect(await change(token, { name: "Grace" })).toMatchObject({ status: 428 });
  const answers = await Promise.all(
    Array.from({ length: 5 }, (_, index) => change(token, { name: `Ada ${index}` }, etag)),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 412)).toHaveLength(4);
});

test("a verified address is a change of the profile too", async () => {
  const { access_token: token, account } = await registered();
  const etag = (await profile(token)).headers.get("etag") ?? "";
  const code = tokenIn(await mailTo(account.email, "Welcome"));
  await request("/auth/email/verify", { method: "POST", json: { token: code } });
  expect((await change(token, { name: "Grace" }, etag)).status).toBe(412);
});

test.each([
  ["an e-mail", { email: "other@auth.example" }, "/email"],
  ["a role", { role: "admin" }, "/role"],
  ["a locale that is none", { locale: "not a language" }, "/locale"],
  ["no name", { name: " " }, "/name"],
])("refuses %s", async (_what, patch, pointer) => {
  const { access_token: token } = await registered();
  const answer = await change(token, patch, '"v1"');
  const errors = expect.arrayContaining([expect.objectContaining({ pointer })]);
  expect(answer).toMatchObject({ status: 400, body: { errors } });
});
