import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { type Simulator, startSimulator } from "../local/stripe-simulator.ts";

const SPECS = path.resolve(import.meta.dirname, "../../../shared/specs");
const FIXTURES = path.join(SPECS, "stripe-fixtures3.json");
const DESCRIPTION = path.join(SPECS, "stripe-spec3-2023-09-12.yaml");
const areMissing = !existsSync(FIXTURES) || !existsSync(DESCRIPTION);

const Json = z.record(z.string(), z.unknown());
type Json = z.infer<typeof Json>;

const Fixtures = z.object({ resources: z.record(z.string(), Json) });
const Property = z.looseObject({ type: z.string().optional(), nullable: z.boolean().optional() });
const Description = z.object({
  components: z.object({
    schemas: z.record(
      z.string(),
      z.looseObject({
        required: z.array(z.string()).optional(),
        properties: z.record(z.string(), Property).optional(),
      }),
    ),
  }),
});

/** Properties of the fixtures that the simulator leaves out, and why Stripe may leave them out as well. */
const OPTIONAL: Record<string, readonly string[]> = {
  charge: ["refunds"], // only when expanded
  balance: ["connect_reserved"], // platforms only
  account: ["requirements", "future_requirements"], // told about connected accounts
};

const NAMES = [
  "payment_intent",
  "charge",
  "refund",
  "balance_transaction",
  "customer",
  "payment_method",
  "dispute",
  "event",
  "webhook_endpoint",
  "balance",
  "account",
] as const;
type Name = (typeof NAMES)[number];

const reason = areMissing ? " (skipped: Stripe's published description is not on this machine)" : "";

describe.skipIf(areMissing)(`Stripe's published shapes${reason}`, () => {
  let simulator: Simulator;
  let answers: Record<Name, Json>;
  let fixtures: Record<string, Json>;
  let schemas: z.infer<typeof Description>["components"]["schemas"];

  beforeAll(async () => {
    fixtures = Fixtures.parse(JSON.parse(readFileSync(FIXTURES, "utf8"))).resources;
    schemas = Description.parse(parse(readFileSync(DESCRIPTION, "utf8"))).components.schemas;
    simulator = await startSimulator();
    answers = await oneOfEach(simulator);
  }, 60_000);
  afterAll(() => simulator.stopAndForget());

  test.each(NAMES)("a %s has every property of the fixture, of the same JSON type", (name) => {
    const left = new Set(OPTIONAL[name]);
    const differences = Object.entries(fixtures[name] ?? {})
      .filter(([property]) => !left.has(property))
      .flatMap(([property, expected]) => difference(property, expected, answers[name][property]));
    expect(differences).toEqual([]);
  });

  test.each(NAMES)("a %s has every required property of the description, of its type", (name) => {
    const { required = [], properties = {} } = schemas[name] ?? {};
    expect(required.length).toBeGreaterThan(0);
    const wrong = required.filter((property) => !fits(properties[property], answers[name][property]));
    expect(wrong).toEqual([]);
  });

  test("an error has no property that the description does not know", async () => {
    const known = Object.keys(schemas["api_errors"]?.properties ?? {});
    const response = await fetch(`${simulator.url}/v1/payment_intents`, {
      method: "POST",
      headers: { authorization: "Bearer sk_test_local" },
      body: new URLSearchParams({
        amount: "1000",
        currency: "usd",
        confirm: "true",
        payment_method: "pm_card_chargeDeclined",
      }),
    });
    expect(response.status).toBe(402);
    const { error } = z.object({ error: Json }).parse(await response.json());
    expect(Object.keys(error).filter((property) => !known.includes(property))).toEqual([]);
  });
});

async function oneOfEach({ client, steer }: Simulator): Promise<Record<Name, Json>> {
  const customer = await client.customers.create({ email: "ada@example.com" });
  const pay = (method: string) =>
    client.paymentIntents.create({
      amount: 2_000,
      currency: "usd",
      customer: customer.id,
      confirm: true,
      payment_method: method,
      expand: ["latest_charge.balance_transaction", "payment_method"],
    });
  const intent = await pay("pm_card_visa");
  const refund = await client.refunds.create({ payment_intent: intent.id, amount: 500 });
  const disputed = await pay("pm_card_createDispute");
  await steer("clock", { advance_seconds: 60 });
  const charge = await client.charges.list({
    payment_intent: intent.id,
    expand: ["data.balance_transaction"],
  });
  const found: Record<Name, unknown> = {
    payment_intent: await client.paymentIntents.retrieve(intent.id),
    charge: (await client.charges.list({ payment_intent: intent.id })).data[0],
    refund,
    balance_transaction: charge.data[0]?.balance_transaction,
    customer,
    payment_method: intent.payment_method,
    dispute: (await client.disputes.list({ payment_intent: disputed.id })).data[0],
    event: (await client.events.list({ limit: 1 })).data[0],
    webhook_endpoint: await client.webhookEndpoints.create({
      url: "https://shop.example",
      enabled_events: ["*"],
    }),
    balance: await client.balance.retrieve(),
    account: await client.accounts.retrieveCurrent(),
  };
  return z.record(z.enum(NAMES), Json).parse(found);
}

/** Either side may be null: the fixtures show one state of an object, the simulator another. */
function difference(property: string, expected: unknown, actual: unknown): string[] {
  if (actual === undefined) return [`${property} is missing`];
  const types = [typeOf(expected), typeOf(actual)];
  if (types.includes("null") || types[0] === types[1]) return [];
  const isExpandable = types.toSorted((a, b) => a.localeCompare(b)).join() === "object,string";
  return isExpandable && typeof Reflect.get(Object(expected), "id") === "string"
    ? []
    : [`${property} is ${types[1]}, not ${types[0]}`];
}

function fits(property: z.infer<typeof Property> | undefined, value: unknown): boolean {
  if (value === undefined) return false;
  if (value === null) return property?.nullable === true;
  switch (property?.type) {
    case "integer":
      return Number.isSafeInteger(value);
    case undefined:
      return true;
    default:
      return typeOf(value) === property?.type;
  }
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
