import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { z } from "zod";
import { type Answer, adminToken, registerCustomer, request } from "../../stack.ts";

export const Role = z.object({ id: z.string(), version: z.int(), permissions: z.array(z.string()) });
export const Member = z.object({
  id: z.string(),
  role: z.string(),
  roles: z.array(z.object({ id: z.string(), name: z.string() })),
  permissions: z.array(z.string()),
  suspended: z.boolean(),
  version: z.int(),
});
export type Member = z.infer<typeof Member>;

export async function createRole(permissions: readonly string[], token?: string): Promise<Answer> {
  const json = { name: randomUUID(), permissions };
  return request("/admin/roles", { method: "POST", token: token ?? (await adminToken()), json });
}

type Credentials = { email: string; password: string };

export async function logIn({ email, password }: Credentials): Promise<string> {
  const answer = await request("/auth/login", { method: "POST", json: { email, password } });
  return answer.as(z.object({ access_token: z.string() })).access_token;
}

/** Makes an account one of the staff, with a role of its own that has these permissions. */
export async function appoint(email: string, permissions: readonly string[]) {
  const { id: roleId } = (await createRole(permissions)).as(Role);
  const appointed = await request("/admin/staff", {
    method: "POST",
    token: await adminToken(),
    json: { email, role_ids: [roleId] },
  });
  expect(appointed.status).toBe(201);
  return { roleId, member: appointed.as(Member) };
}

/** Somebody of the staff with these permissions, signed in. */
export async function hire(...permissions: string[]) {
  const account = await registerCustomer();
  const appointed = await appoint(account.email, permissions);
  return { ...account, token: await logIn(account), ...appointed };
}
