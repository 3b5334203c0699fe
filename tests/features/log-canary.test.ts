import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test, vi } from "vitest";
import { z } from "zod";
import { Attempt, Order, createBuyer } from "../buying.ts";
import { createSeller } from "../selling.ts";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { inDatabase } from "../in-database.ts";
import { adminToken, request, stack } from "../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

/** Where people's data belongs: the database, the mail and the providers, each of which stands for an outside service. */
const keepersOfPersonalData = new Set(["postgres", "mail", "stripe", "paypal", "identity"]);

const newWord = () => `canary${randomUUID().replaceAll("-", "")}`;
const Session = z.object({ access_token: z.string(), refresh_token: z.string() });

/** Files outside the keepers, below the stack's state, in which one of the words stands: logs, queue, error tracker, index, objects. */
async function placesOf(words: readonly string[]): Promise<string[]> {
  const folder = inject("stateFolder");
  const found: string[] = [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const [part = ""] = path.slice(folder.length + 1).split("/");
    if (!entry.isFile() || keepersOfPersonalData.has(part)) continue;
    // A file of a database may go while the folder is read.
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    for (const word of words) if (bytes.includes(word)) found.push(`${path}: ${word.slice(0, 12)}…`);
  }
  return found;
}

test(
  "what a buyer tells about themselves is in no log, no report, no queue, no index and no object",
  {
    timeout: 180_000,
  },
  async () => {
    const [name, email, password, wrongPassword, street, phone, notes] = [
      newWord(),
      newWord(),
      newWord(),
      newWord(),
      newWord(),
      newWord(),
      newWord(),
    ];
    const address = `${email}@customers.example`;
    const json = { email: address, password, name };
    await request("/auth/register", { method: "POST", json });
    await request("/auth/register", { method: "POST", json });
    await request("/auth/login", { method: "POST", json: { email: address, password: wrongPassword } });
    const login = await request("/auth/login", { method: "POST", json: { email: address, password } });
    const { access_token: token, refresh_token: refreshToken } = login.as(Session);
    // Requests that are refused in every way: their faults are what logs are tempted by.
    await request("/auth/register", {
      method: "POST",
      json: { email: address, password: 7, surprise: name },
    });
    await request("/auth/password/forgot", { method: "POST", json: { email: address } });
    await request("/auth/profile", { token: `${token}${password}` });
    await fetch(`${api}/no/such/${email}?name=${name}`, {
      headers: { referer: `https://shop.example/${phone}` },
    });
    await fetch(`${api}/auth/login`, {
      method: "POST",
      body: `{"email":"${email}`,
      headers: { "content-type": "application/json" },
    });
    await fetch(`${api}/webhooks/stripe`, {
      method: "POST",
      body: `{"receipt_email":"${email}"}`,
      headers: { "stripe-signature": `t=1,v1=${name}` },
    });

    const { variantId } = await seller.stockVariant(5);
    const cart = await buyer.fillCart({ [variantId]: 1 });
    const placed = await buyer.placeOrder(cart, {
      json: {
        email: address,
        shipping_address: { name, line1: street, city: "Porto", country: "PT", phone: phone.slice(0, 38) },
        notes,
      },
    });
    const order = placed.as(Order);
    const attempt = (await buyer.startPayment(order)).as(Attempt);
    await buyer.payWith(attempt, "pm_card_visa_chargeDeclined");
    await buyer.payWith(attempt);
    await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), {
      timeout: 60_000,
      interval: 500,
    });
    await request(`/admin/orders/${order.id}/refunds`, {
      method: "POST",
      token: await adminToken(),
      json: { amount: 100, reason: notes, restock: false },
      headers: { "idempotency-key": randomUUID() },
    });
    await vi.waitFor(
      async () =>
        expect((await buyer.readHistory(order)).map(({ type }) => type)).toContain("order.refunded"),
      { timeout: 60_000, interval: 500 },
    );

    const words = [
      name,
      email,
      password,
      wrongPassword,
      street,
      phone.slice(0, 38),
      notes,
      refreshToken,
      token,
    ];
    expect(await placesOf(words)).toEqual([]);
    // The search itself finds what is there: ids are logged.
    expect(await placesOf([order.id])).not.toEqual([]);
  },
);

const KeptSecrets = z.object({
  ACCESS_TOKEN_KEYS: z
    .string()
    .transform((text) => z.array(z.object({ d: z.string() })).parse(JSON.parse(text))),
  ENCRYPTION_KEYS: z
    .string()
    .transform((text) => z.array(z.object({ key: z.string() })).parse(JSON.parse(text))),
  TOKEN_SECRET: z.string(),
});

/** What the Worker is given to keep to itself; names and public halves are not among it. */
async function secretsOfWorker(): Promise<string[]> {
  const file = await readFile(join(inject("stateFolder"), "secrets.json"), "utf8");
  const kept = KeptSecrets.parse(JSON.parse(file));
  return [
    LOCAL_CREDENTIALS.redisToken,
    LOCAL_CREDENTIALS.queueToken,
    LOCAL_CREDENTIALS.queueCurrentSigningKey,
    LOCAL_CREDENTIALS.queueNextSigningKey,
    LOCAL_CREDENTIALS.searchApiKey,
    LOCAL_CREDENTIALS.stripeSecretKey,
    LOCAL_CREDENTIALS.stripeWebhookSecret,
    LOCAL_CREDENTIALS.paypalClientSecret,
    LOCAL_CREDENTIALS.identityClientSecret,
    LOCAL_CREDENTIALS.mailApiKey,
    kept.TOKEN_SECRET,
    ...kept.ACCESS_TOKEN_KEYS.map(({ d }) => d),
    ...kept.ENCRYPTION_KEYS.map(({ key }) => key),
    // The password in the connection strings.
    "tradewind:tradewind@",
  ];
}

test("the Worker's own secrets are in no log, no report, no queue, no answer and no entry of the audit log", async () => {
  const secrets = await secretsOfWorker();
  const headers = {
    "content-type": "application/json",
    "upstash-signature": "x",
    "stripe-signature": "t=1,v1=x",
  };
  const answers = await Promise.all([
    ...["/jobs/outbox", "/webhooks/stripe", "/webhooks/paypal", "/auth/oauth/exchange"].map((path) =>
      fetch(api + path, { method: "POST", body: "{}", headers }),
    ),
    ...[
      "/openapi.json",
      "/ready",
      "/health",
      "/.well-known/jwks.json",
      "/auth/oauth/local/callback?code=x",
    ].map((path) => fetch(api + path, { redirect: "manual" })),
  ]);
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  await seller.stockVariant(1);
  const entries = await inDatabase("select to_jsonb(audit_entries) as entry from audit_entries", []);
  const told = [...texts, JSON.stringify(entries)];
  expect(secrets.filter((secret) => told.some((text) => text.includes(secret)))).toEqual([]);
  const places = await placesOf(secrets);
  // Where the local stack keeps them, and where the queue keeps the keys that it signs with.
  const owners = /\/secrets\.json: |\/queue\/queue\.sqlite[\w-]*: sig_/;
  expect(places.filter((place) => !owners.test(place))).toEqual([]);
  expect(places).not.toEqual([]);
});
