import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusalOf, type Simulator, startSimulator } from "./stripe-simulator.ts";

describe("parameters", () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator.stopAndForget());

  const post = async (path: string, body: string) => {
    const headers = {
      authorization: "Bearer sk_test_local",
      "content-type": "application/x-www-form-urlencoded",
    };
    const response = await fetch(simulator.url + path, { method: "POST", body, headers });
    return { status: response.status, body: await response.json() };
  };

  test.each([
    ["currency=usd", "parameter_missing", "amount"],
    ["amount=ten&currency=usd", "parameter_invalid_integer", "amount"],
    ["amount=1000&currency=usd&colour=red", "parameter_unknown", "colour"],
    ["amount=10&currency=usd", "amount_too_small", "amount"],
  ])("%s is refused as %s of %s", async (body, code, param) => {
    expect(await post("/v1/payment_intents", body)).toMatchObject({
      status: 400,
      body: { error: { type: "invalid_request_error", code, param } },
    });
  });

  test("an unknown id is 404 resource_missing, an unknown key 401", async () => {
    expect(await refusalOf(simulator.client.paymentIntents.retrieve("pi_none"))).toMatchObject({
      statusCode: 404,
      code: "resource_missing",
      param: "intent",
    });
    const stranger = simulator.client.paymentIntents.list({}, { apiKey: "sk_test_other" });
    expect(await refusalOf(stranger)).toMatchObject({ type: "StripeAuthenticationError", statusCode: 401 });
  });

  test("lists go page by page in both directions, filtered by creation time", async () => {
    const { client, steer } = simulator;
    const ids: string[] = [];
    for (const email of ["a@example.com", "b@example.com", "c@example.com"]) {
      ids.unshift((await client.customers.create({ email })).id);
    }
    const found: string[] = [];
    for await (const customer of client.customers.list({ limit: 1 })) found.push(customer.id);
    expect(found).toEqual(ids);
    const before = await client.customers.list({ limit: 1, ending_before: ids[2] ?? "" });
    expect(before).toMatchObject({ data: [{ id: ids[1] }], has_more: true });

    await steer("clock", { advance_seconds: 100 });
    const late = await client.customers.create({ email: "d@example.com" });
    const since = await client.customers.list({ created: { gte: late.created } });
    expect(since.data.map(({ id }) => id)).toEqual([late.id]);
  });

  test("metadata is merged, and an empty value unsets a key", async () => {
    const { client } = simulator;
    const { id } = await client.customers.create({ metadata: { a: "1", b: "2" } });
    const updated = await client.customers.update(id, { metadata: { a: "", c: "3" } });
    expect(updated.metadata).toEqual({ b: "2", c: "3" });
  });

  test("intents are found by their metadata", async () => {
    const { client } = simulator;
    const wanted = await client.paymentIntents.create({
      amount: 500,
      currency: "usd",
      metadata: { order: "o1" },
    });
    await client.paymentIntents.create({ amount: 500, currency: "usd", metadata: { order: "o2" } });
    const found = await client.paymentIntents.search({ query: "metadata['order']:'o1' AND amount>=500" });
    expect(found.data.map(({ id }) => id)).toEqual([wanted.id]);
  });

  test("a card by number becomes a payment method that can be attached to a customer", async () => {
    const { client } = simulator;
    const customer = await client.customers.create({ name: "Ada" });
    const card = { number: "4242424242424242", exp_month: 5, exp_year: 2031 };
    const method = await client.paymentMethods.create({ type: "card", card });
    await client.paymentMethods.attach(method.id, { customer: customer.id });
    const listed = await client.paymentMethods.list({ customer: customer.id, type: "card" });
    expect(listed.data).toMatchObject([{ id: method.id, card: { last4: "4242", exp_month: 5 } }]);
  });
});
