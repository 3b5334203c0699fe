import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { z } from "zod";
import { DEMO_ADMIN, DEMO_CUSTOMER } from "./credentials.ts";
import { makeAdmin } from "./make-admin.ts";
import { holds } from "./postgres/connection.ts";

const CATALOGUE = join(import.meta.dirname, "demo", "catalogue.csv");

const EVENTS_HANDLED_MS_MAX = 15_000;
const POLL_MS = 100;

type Shop = { api: string; databaseUrl: string };
type Account = { email: string; password: string; name: string };

const Session = z.object({ access_token: z.string() });
const ImportReport = z.object({ status: z.literal("finished"), created: z.int(), refused: z.literal(0) });

/** Makes the demo accounts where they are not there yet. Returns the admin's access token. */
export async function seedAccounts({ api, databaseUrl }: Shop): Promise<string> {
  await ensureAccount(api, DEMO_CUSTOMER);
  await ensureAccount(api, DEMO_ADMIN);
  await makeAdmin(databaseUrl, DEMO_ADMIN.email);
  return signIn(api, DEMO_ADMIN);
}

/**
 * Imports the demo catalogue into a shop that has no products, and waits until search, stock and caches know of it.
 * Returns the number of products that were made.
 */
export async function seedCatalogue({ api, databaseUrl }: Shop, adminToken: string): Promise<number> {
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    if (await holds(database, HAS_CATALOGUE)) return 0;
    const imported = await fetch(`${api}/admin/products/import`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${adminToken}`,
        "content-type": "text/csv",
        accept: "application/json",
      },
      body: await readFile(CATALOGUE),
    });
    const { created } = ImportReport.parse(await expectOk(imported));
    const deadline = Date.now() + EVENTS_HANDLED_MS_MAX;
    while (!(await holds(database, HAS_HANDLED_EVENTS)) && Date.now() < deadline) await sleep(POLL_MS);
    return created;
  } finally {
    await database.end();
  }
}

/** An import that was cut short is made again; it leaves alone what is there. */
const HAS_CATALOGUE = `exists (select from products)
  and not exists (select from product_imports having count(*) > 0 and count(*) filter (where status = 'finished') = 0)`;

const HAS_HANDLED_EVENTS = "not exists (select from outbox where delivered_at is null and dead_at is null)";

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
