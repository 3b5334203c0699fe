import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { Client } from "pg";
import { z } from "zod";
import { whenNotBusy } from "../../shop-client.ts";
import { request, stack } from "../../stack.ts";

export const SignedIn = z.strictObject({
  user: z.strictObject({
    id: z.string().startsWith("usr_"),
    email: z.string(),
    name: z.string(),
    role: z.enum(["customer", "admin"]),
    email_verified: z.boolean(),
  }),
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.literal(600),
  refresh_token: z.string(),
});
export type SignedIn = z.infer<typeof SignedIn>;

export type Account = { email: string; password: string; name: string };

export function newAccount(): Account {
  return { email: `${randomUUID()}@auth.example`, password: `correct horse ${randomUUID()}`, name: "Ada" };
}

export function register(account: object, headers: Record<string, string> = {}) {
  return request("/auth/register", { method: "POST", json: account, headers });
}

export async function registered(account: Account = newAccount()): Promise<SignedIn & { account: Account }> {
  return { ...(await whenNotBusy(() => register(account))).as(SignedIn), account };
}

export function logIn(email: string, password: string) {
  return request("/auth/login", { method: "POST", json: { email, password } });
}

export function refresh(refreshToken: string, headers: Record<string, string> = {}) {
  return request("/auth/refresh", { method: "POST", json: { refresh_token: refreshToken }, headers });
}

export function profile(token: string) {
  return request("/auth/profile", { token });
}

export function sessionIdOf({ access_token: token }: SignedIn): string {
  return z.string().parse(decodeJwt(token)["sid"]);
}

/** Asks Postgres itself, beside the API. */
export async function sql(statement: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new Client(stack().services.postgres);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement, values);
    return rows;
  } finally {
    await client.end();
  }
}
