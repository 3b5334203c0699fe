import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Simulator, startSimulator, tokenOf, WEBHOOK_ID } from "../local/paypal-simulator.ts";

const SPECS = path.resolve(import.meta.dirname, "../../../shared/specs");
const FILES = {
  orders: path.join(SPECS, "checkout_orders_v2.json"),
  payments: path.join(SPECS, "payments_payment_v2.json"),
  webhooks: path.join(SPECS, "notifications_webhooks_v1.json"),
};
type Area = keyof typeof FILES;
const areMissing = !Object.values(FILES).every((file) => existsSync(file));
const reason = areMissing ? " (skipped: PayPal's published description is not on this machine)" : "";

const Operation = z.looseObject({ responses: z.record(z.string(), z.unknown()) });
const Description = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/** What the simulator answers that PayPal's description leaves out, although PayPal says it too. */
const UNDESCRIBED: Record<string, readonly string[]> = {
  "POST /v2/checkout/orders": ["DECIMALS_NOT_SUPPORTED"],
  "POST /v2/checkout/orders/{id}/authorize": ["INSTRUMENT_DECLINED"],
  "POST /v2/checkout/orders/{id}/capture": ["ACTION_DOES_NOT_MATCH_INTENT"],
};

type Call = { area: Area; method: string; template: string; url: string; body?: unknown; prefer?: string };

describe.skipIf(areMissing)(`PayPal's published shapes${reason}`, () => {
  let simulator: Simulator;
  let token: string;
  let descriptions: Record<Area, z.infer<typeof Description>>;
  let ajv: Ajv;

  beforeAll(async () => {
    simulator = await startSimulator({ webhookUrl: "http://127.0.0.1:1/webhooks/paypal" });
    token = await tokenOf(simulator);
    const read = (area: Area) => Description.parse(JSON.parse(readFileSync(FILES[area], "utf8")));
    descriptions = { orders: read("orders"), payments: read("payments"), webhooks: read("webhooks") };
    // OpenAPI's own words, such as `readOnly`, and PayPal's formats are no JSON schema: the patterns beside them are.
    ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, unicodeRegExp: false });
    for (const area of ["orders", "payments", "webhooks"] as const) {
      ajv.addSchema(withoutWording(descriptions[area]), area);
    }
  });
  afterAll(() => simulator.stopAndForget());

  /** The schema by which the answer is described, or nothing where it is described to have no body. */
  function schemaOf({ area, method, template }: Call, status: number): ValidateFunction | undefined {
    const operation = descriptions[area].paths[template]?.[method.toLowerCase()];
    const name = String(status) in (operation?.responses ?? {}) ? String(status) : "default";
    const steps = ["paths", template, method.toLowerCase(), "responses", name];
    const described = z
      .looseObject({ content: z.unknown().optional() })
      .parse(operation?.responses[name], { error: () => `${method} ${template} has no answer ${status}` });
    if (described.content === undefined) return undefined;
    const pointer = [...steps, "content", "application/json", "schema"].map(escapePointer).join("/");
    return ajv.getSchema(`${area}#/${pointer}`);
  }

  async function ask(call: Call): Promise<{ status: number; body: unknown; faults: string[] }> {
    const response = await fetch(simulator.url + call.url, {
      method: call.method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "paypal-request-id": crypto.randomUUID(),
        prefer: call.prefer ?? "return=representation",
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    const text = await response.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const validate = schemaOf(call, response.status);
    if (validate === undefined)
      return { status: response.status, body, faults: text === "" ? [] : ["a body"] };
    validate(body);
    const faults = new Set(
      (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`),
    );
    return { status: response.status, body, faults: [...faults] };
  }

  /** The body of an answer that fits its description. */
  async function expectFit(call: Call, status: number): Promise<unknown> {
    const answer = await ask(call);
    expect(answer).toMatchObject({ status, faults: [] });
    return answer.body;
  }

  const Identified = z.looseObject({ id: z.string() });
  const idOf = async (answer: Promise<unknown>) => Identified.parse(await answer).id;

  const orders = "/v2/checkout/orders";
  const create = (given: object = {}): Call => ({
    area: "orders",
    method: "POST",
    template: orders,
    url: orders,
    body: { intent: "AUTHORIZE", purchase_units: [unit()], ...given },
  });
  const onOrder = (id: string, verb: string, method = "POST"): Call => ({
    area: "orders",
    method,
    template: `${orders}/{id}${verb}`,
    url: `${orders}/${id}${verb}`,
    ...(method === "GET" ? {} : { body: {} }),
  });
  const onPayment = (kind: "authorizations" | "captures" | "refunds", id: string, verb = ""): Call => ({
    area: "payments",
    method: verb === "" ? "GET" : "POST",
    template: `/v2/payments/${kind}/{${kind.slice(0, -1)}_id}${verb}`,
    url: `/v2/payments/${kind}/${id}${verb}`,
    ...(verb === "" ? {} : { body: {} }),
  });
  const onWebhooks = (template: string, given: Partial<Call> = {}): Call => ({
    area: "webhooks",
    method: "GET",
    template,
    url: template,
    ...given,
  });

  async function approved(given: { payer?: string; intent?: string } = {}): Promise<string> {
    const { payer, ...order } = given;
    const id = await idOf(expectFit(create(order), 201));
    await simulator.approve(id, payer);
    return id;
  }

  const Paid = z.looseObject({
    purchase_units: z.tuple([
      z.looseObject({ payments: z.looseObject({ authorizations: z.array(Identified).min(1) }) }),
    ]),
  });
  async function authorized(payer?: string): Promise<string> {
    const order = await expectFit(
      onOrder(await approved(payer === undefined ? {} : { payer }), "/authorize"),
      201,
    );
    const [{ payments }] = Paid.parse(order).purchase_units;
    return Identified.parse(payments.authorizations[0]).id;
  }

  test("orders fit at every step, whole and minimal", async () => {
    const id = await approved();
    await expectFit(onOrder(id, "", "GET"), 200);
    const patch = [{ op: "add", path: "/purchase_units/@reference_id=='default'/invoice_id", value: "i-1" }];
    await expectFit({ ...onOrder(id, "", "PATCH"), body: patch }, 204);
    await expectFit({ ...onOrder(id, "/authorize"), prefer: "return=minimal" }, 201);
    await expectFit(onOrder(id, "", "GET"), 200);
    await expectFit({ ...create(), prefer: "return=minimal" }, 201);
    await expectFit(onOrder(await approved({ intent: "CAPTURE" }), "/capture"), 201);
  });

  test("an order for the wallet fits", async () => {
    const paypal = {
      experience_context: { return_url: "https://a.example", cancel_url: "https://a.example" },
    };
    const id = await idOf(expectFit(create({ payment_source: { paypal } }), 201));
    await simulator.approve(id);
    await expectFit(onOrder(id, "", "GET"), 200);
  });

  test("authorisations, captures and refunds fit", async () => {
    const authorization = await authorized();
    await expectFit(onPayment("authorizations", authorization), 200);
    const renewed = await idOf(expectFit(onPayment("authorizations", authorization, "/reauthorize"), 201));
    const capture = await idOf(expectFit(onPayment("authorizations", renewed, "/capture"), 201));
    await expectFit(onPayment("captures", capture), 200);
    const refund = { ...onPayment("captures", capture, "/refund"), body: { note_to_payer: "Sorry" } };
    await expectFit(onPayment("refunds", await idOf(expectFit(refund, 201))), 200);
    await expectFit(onPayment("authorizations", await authorized(), "/void"), 200);
    await expectFit(
      { ...onPayment("authorizations", await authorized(), "/void"), prefer: "return=minimal" },
      204,
    );
    const pending = await authorized("review@buyer.example");
    await expectFit(onPayment("authorizations", pending, "/capture"), 201);
  });

  test("webhooks, events and verifications fit", async () => {
    await authorized("dispute@buyer.example");
    const notifications = "/v1/notifications";
    const list = await expectFit(onWebhooks(`${notifications}/webhooks-events`), 200);
    const { events } = z.looseObject({ events: z.array(Identified).min(1) }).parse(list);
    const event = Identified.parse(events[0]);
    const one = `${notifications}/webhooks-events/{event_id}`;
    await expectFit(onWebhooks(one, { url: one.replace("{event_id}", event.id) }), 200);
    const resend = `${one}/resend`;
    const url = resend.replace("{event_id}", event.id);
    await expectFit(onWebhooks(resend, { url, method: "POST", body: {} }), 202);
    await expectFit(onWebhooks(`${notifications}/webhooks`), 200);
    const body = { url: "https://a.example/hook", event_types: [{ name: "*" }] };
    await expectFit(onWebhooks(`${notifications}/webhooks`, { method: "POST", body }), 201);
    const verification = {
      auth_algo: "SHA256withRSA",
      cert_url: `${simulator.url}${notifications}/certs/CERT-1`,
      transmission_id: "a-transmission",
      transmission_sig: "bm90aGluZw==",
      transmission_time: "2026-01-01T00:00:00Z",
      webhook_id: WEBHOOK_ID,
      webhook_event: event,
    };
    const verify = `${notifications}/verify-webhook-signature`;
    await expectFit(onWebhooks(verify, { method: "POST", body: verification }), 200);
  });

  test("refusals fit, and name an issue that is described for the call", async () => {
    const voided = await authorized();
    await expectFit(onPayment("authorizations", voided, "/void"), 200);
    const captured = await authorized();
    const capture = await idOf(expectFit(onPayment("authorizations", captured, "/capture"), 201));
    const tooMuch = { amount: { currency_code: "USD", value: "99.00" } };
    const refusals: [Call, number][] = [
      [create({ intent: undefined }), 400],
      [create({ purchase_units: [unit("1.001")] }), 422],
      [create({ purchase_units: [unit("1.00", "JPY")] }), 422],
      [create({ purchase_units: [unit(), unit()] }), 422],
      [onOrder("UNKNOWN", "", "GET"), 404],
      [onOrder(await idOf(expectFit(create(), 201)), "/authorize"), 422],
      [onOrder(await approved({ intent: "CAPTURE" }), "/authorize"), 422],
      [onOrder(await approved(), "/capture"), 422],
      [onOrder(await approved({ payer: "declined@buyer.example" }), "/authorize"), 422],
      [onOrder(await approved({ payer: "declined@buyer.example", intent: "CAPTURE" }), "/capture"), 422],
      [onOrder(await approved({ payer: "refused@buyer.example" }), "/authorize"), 422],
      [onPayment("authorizations", voided, "/capture"), 422],
      [onPayment("authorizations", voided, "/void"), 422],
      [onPayment("authorizations", captured, "/capture"), 422],
      [onPayment("authorizations", await authorized("cannot-pay@buyer.example"), "/capture"), 422],
      [{ ...onPayment("authorizations", await authorized(), "/capture"), body: tooMuch }, 422],
      [{ ...onPayment("captures", capture, "/refund"), body: tooMuch }, 422],
      [onPayment("refunds", "UNKNOWN"), 404],
    ];
    for (const [call, status] of refusals) {
      const name = `${call.method} ${call.template}`;
      const undescribed = UNDESCRIBED[name] ?? [];
      const answer = await ask(call);
      const { details } = Refusal.parse(answer.body);
      const issue = details[0]?.issue ?? "";
      const faults = undescribed.includes(issue) ? [] : answer.faults;
      expect({ name, issue, status: answer.status, faults }).toEqual({ name, issue, status, faults: [] });
    }
  });
});

const Refusal = z.looseObject({ details: z.array(z.looseObject({ issue: z.string() })) });

function unit(value = "12.50", currency_code = "USD") {
  return { custom_id: "attempt-1", amount: { currency_code, value } };
}

function escapePointer(step: string): string {
  return encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"));
}

/** One issue is worded differently from call to call; that an error says what the issue is suffices. */
function withoutWording(value: unknown): object {
  return JSON.parse(
    JSON.stringify(value, (_, member: unknown) => {
      if (typeof member !== "object" || member === null || !("issue" in member)) return member;
      const { description: _wording, ...others } = member as Record<string, unknown>;
      return others;
    }),
  ) as object;
}
