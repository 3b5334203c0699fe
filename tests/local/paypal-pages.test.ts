import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { orderOf, type Simulator, startSimulator, textOf } from "./paypal-simulator.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.steer("reset", {}));
afterAll(() => simulator.stopAndForget());

const RETURN_URL = "https://shop.example/thanks?cart=1";
const CANCEL_URL = "https://shop.example/cart";

/** A new order for the wallet, and the page where its buyer decides. */
async function orderWithPage() {
  const paypal = {
    experienceContext: { brandName: "Tradewind", returnUrl: RETURN_URL, cancelUrl: CANCEL_URL },
  };
  const order = await simulator.client.ask(({ orders }) =>
    orders.createOrder({
      body: { ...orderOf(), paymentSource: { paypal } },
      paypalRequestId: crypto.randomUUID(),
    }),
  );
  expect(order.status).toBe("PAYER_ACTION_REQUIRED");
  const page = textOf(order.links?.find(({ rel }) => rel === "payer-action")?.href);
  const decide = (fields: Record<string, string>) =>
    fetch(page, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  const status = async () =>
    (await simulator.client.ask(({ orders }) => orders.getOrder({ id: textOf(order.id) }))).status;
  return { id: textOf(order.id), page, decide, status };
}

test("the page names the shop and the amount, and lets its form lead back to the shop", async () => {
  const { page } = await orderWithPage();
  const response = await fetch(page);
  const text = await response.text();
  expect(text).toContain("25.00 USD");
  expect(text).toContain("Tradewind");
  expect(response.headers.get("content-security-policy")).toContain(
    "form-action 'self' https://shop.example;",
  );
});

test("who agrees comes back to the shop with the order and the payer", async () => {
  const { id, decide, status } = await orderWithPage();
  const response = await decide({ outcome: "approve", payer: "buyer@buyer.example" });
  expect(response.status).toBe(303);
  const back = new URL(response.headers.get("location") ?? "");
  expect(back.href).toMatch(/^https:\/\/shop\.example\/thanks\?cart=1&token=/);
  expect(back.searchParams.get("token")).toBe(id);
  expect(back.searchParams.get("PayerID")).toMatch(/^[2-9A-HJ-NP-Z]{13}$/);
  expect(await status()).toBe("APPROVED");
});

test("who cancels comes back to the cart, and the order stays open", async () => {
  const { id, decide, status } = await orderWithPage();
  const response = await decide({ outcome: "cancel" });
  expect(response.headers.get("location")).toBe(`${CANCEL_URL}?token=${id}`);
  expect(await status()).toBe("PAYER_ACTION_REQUIRED");
});

test("the overview lists orders, events and webhooks", async () => {
  const { id, decide } = await orderWithPage();
  await decide({ outcome: "approve", payer: "buyer@buyer.example" });
  const text = await (await fetch(simulator.url)).text();
  expect(text).toContain(id);
  expect(text).toContain("CHECKOUT.ORDER.APPROVED");
  expect((await fetch(`${simulator.url}/checkoutnow?token=UNKNOWN`)).status).toBe(404);
});
