import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DEMO_ADMIN, DEMO_CUSTOMER } from "./credentials.ts";
import { makeAdmin } from "./make-admin.ts";

const CATALOGUE = join(import.meta.dirname, "demo", "catalogue.csv");

type Shop = { api: string; databaseUrl: string };
type Account = { email: string; password: string; name: string };

const Session = z.object({ access_token: z.string() });
const ProductPage = z.object({ data: z.array(z.unknown()) });

/** Makes the demo accounts where they are not there yet. Returns the admin's access token. */
export async function seedAccounts({ api, databaseUrl }: Shop): Promise<string> {
  await ensureAccount(api, DEMO_CUSTOMER);
  await ensureAccount(api, DEMO_ADMIN);
  await makeAdmin(databaseUrl, DEMO_ADMIN.email);
  return signIn(api, DEMO_ADMIN);
}

/** Imports the demo catalogue into a shop that has no products. Returns whether it did. */
export async function seedCatalogue(api: string, adminToken: string): Promise<boolean> {
  if (!existsSync(CATALOGUE)) return false;
  const { data } = ProductPage.parse(await expectOk(await fetch(`${api}/products?limit=1`)));
  if (data.length > 0) return false;
  const imported = await fetch(`${api}/admin/products/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "text/csv" },
    body: await readFile(CATALOGUE),
  });
  await expectOk(imported);
  return true;
}

async function ensureAccount(api: string, account: Account): Promise<void> {
  const response = await postJson(`${api}/auth/register`, account);
  if (response.status !== 409) await expectOk(response);
}

async function signIn(api: string, { email, password }: Account): Promise<string> {
  const answer = await expectOk(await postJson(`${api}/auth/login`, { email, password }));
  return Session.parse(answer).access_token;
}

function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function expectOk(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}
