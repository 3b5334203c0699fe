import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  approvedOrder,
  authorize,
  type Simulator,
  startSimulator,
  textOf,
  tokenOf,
} from "../local/paypal-simulator.ts";

const SPECS = path.resolve(import.meta.dirname, "../../../shared/specs");
const FILES = {
  reports: path.join(SPECS, "reporting_transactions_v1.json"),
  disputes: path.join(SPECS, "customer_disputes_v1.json"),
};
const areMissing = !Object.values(FILES).every((file) => existsSync(file));
const reason = areMissing ? " (skipped: PayPal's published description is not on this machine)" : "";

describe.skipIf(areMissing)(`the published shapes of PayPal's records${reason}`, () => {
  let simulator: Simulator;
  let ajv: Ajv;
  let captureId: string;

  beforeAll(async () => {
    simulator = await startSimulator();
    // OpenAPI's own words, such as `readOnly`, and PayPal's formats are no JSON schema: the patterns beside them are.
    ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, unicodeRegExp: false });
    for (const [area, file] of Object.entries(FILES))
      ajv.addSchema(z.looseObject({}).parse(JSON.parse(readFileSync(file, "utf8"))), area);
    const order = await approvedOrder(simulator, { payer: "dispute@buyer.example", invoiceId: "attempt-1" });
    const { authorizationId } = await authorize(simulator, order);
    const { id } = await simulator.client.ask(({ payments }) =>
      payments.captureAuthorizedPayment({ authorizationId, body: { finalCapture: true } }),
    );
    captureId = textOf(id);
    await simulator.client.ask(({ payments }) =>
      payments.refundCapturedPayment({
        captureId,
        body: { amount: { currencyCode: "USD", value: "9.00" } },
      }),
    );
    await simulator.steer("clock", { advance_seconds: 10 });
  });
  afterAll(() => simulator.stopAndForget());

  /** Asks, and names the ways in which the answer does not fit the schema of its description. */
  async function ask(url: string, area: keyof typeof FILES, schema: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${await tokenOf(simulator)}` };
    const response = await fetch(simulator.url + url, { headers });
    const body: unknown = await response.json();
    const validate = ajv.getSchema(`${area}#/components/schemas/${schema}`);
    if (validate === undefined) throw new Error(`PayPal describes no ${schema}.`);
    await validate(body);
    const faults = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    expect(faults).toEqual([]);
    return body;
  }

  const window = "start_date=2026-01-01T00:00:00Z&end_date=2026-01-02T00:00:00Z";
  const lately = (): string => {
    const now = Date.now();
    const at = (ms: number) => new Date(now + ms).toISOString();
    return `start_date=${at(-86_400_000)}&end_date=${at(86_400_000)}`;
  };

  test("transactions fit", async () => {
    const answer = await ask(`/v1/reporting/transactions?${lately()}`, "reports", "search_response");
    const found = z.object({ transaction_details: z.array(z.unknown()) }).parse(answer);
    expect(found.transaction_details).toHaveLength(2);
    const all = `${lately()}&balance_affecting_records_only=N&page_size=1&page=2`;
    await ask(`/v1/reporting/transactions?${all}`, "reports", "search_response");
  });

  test("disputes fit, listed and alone", async () => {
    const listed = await ask("/v1/customer/disputes", "disputes", "dispute_search");
    const { items } = z.object({ items: z.array(z.object({ dispute_id: z.string() })) }).parse(listed);
    expect(items).toHaveLength(1);
    await ask(`/v1/customer/disputes/${items[0]?.dispute_id}`, "disputes", "dispute");
    const ofCapture = `/v1/customer/disputes?disputed_transaction_id=${captureId}`;
    expect(await ask(ofCapture, "disputes", "dispute_search")).toMatchObject({ items });
    await simulator.steer(`captures/${captureId}/dispute`, {
      status: "RESOLVED",
      outcome: "RESOLVED_BUYER_FAVOUR",
    });
    await ask(`/v1/customer/disputes/${items[0]?.dispute_id}`, "disputes", "dispute");
  });

  test("a range of more than 31 days is refused", async () => {
    const month = window.replace("2026-01-02", "2026-02-02");
    const response = await fetch(`${simulator.url}/v1/reporting/transactions?${month}`, {
      headers: { authorization: `Bearer ${await tokenOf(simulator)}` },
    });
    expect(response.status).toBe(400);
  });
});
