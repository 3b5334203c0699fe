import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { CheckoutPaymentIntent, PatchOp } from "@paypal/paypal-server-sdk";
import {
  approvedOrder,
  authorize,
  orderOf,
  refusalOf,
  type Simulator,
  startSimulator,
  textOf,
} from "./paypal-simulator.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.steer("reset", {}));
afterAll(() => simulator.stopAndForget());

const { Capture } = CheckoutPaymentIntent;
const representation = "return=representation";

test("an order is created, approved, authorised and captured in full", async () => {
  const { client, approve } = simulator;
  const created = await client.ask(({ orders }) =>
    orders.createOrder({ body: orderOf(), prefer: representation }),
  );
  expect(created).toMatchObject({ status: "CREATED", intent: "AUTHORIZE" });
  expect(created.links?.map(({ rel }) => rel)).toEqual(["self", "approve", "update", "authorize"]);
  const id = textOf(created.id);
  await approve(id);
  const approved = await client.ask(({ orders }) => orders.getOrder({ id }));
  expect(approved).toMatchObject({ status: "APPROVED", payer: { emailAddress: "buyer@buyer.example" } });
  const { authorizationId } = await authorize(simulator, id);
  const authorization = await client.ask(({ payments }) =>
    payments.getAuthorizedPayment({ authorizationId }),
  );
  expect(authorization).toMatchObject({
    status: "CREATED",
    customId: "attempt-1",
    amount: { value: "25.00" },
  });
  const capture = await client.ask(({ payments }) =>
    payments.captureAuthorizedPayment({
      authorizationId,
      prefer: representation,
      body: { finalCapture: true },
    }),
  );
  expect(capture).toMatchObject({ status: "COMPLETED", amount: { value: "25.00" }, finalCapture: true });
  const paid = await client.ask(({ orders }) => orders.getOrder({ id }));
  expect(paid).toMatchObject({
    status: "COMPLETED",
    purchaseUnits: [
      { payments: { authorizations: [{ status: "CAPTURED" }], captures: [{ id: capture.id }] } },
    ],
  });
});

test("an order with the intent to capture is captured at once", async () => {
  const { client } = simulator;
  const id = await approvedOrder(simulator, { intent: Capture });
  const paid = await client.ask(({ orders }) => orders.captureOrder({ id }));
  expect(paid.purchaseUnits?.[0]?.payments?.captures).toMatchObject([{ status: "COMPLETED" }]);
  expect(await refusalOf(client.ask(({ orders }) => orders.captureOrder({ id })))).toMatchObject({
    status: 422,
    issue: "ORDER_ALREADY_CAPTURED",
  });
});

test("an answer is minimal unless the whole is wanted", async () => {
  const { client } = simulator;
  const order = await client.ask(({ orders }) => orders.createOrder({ body: orderOf() }));
  expect(Object.keys(order).toSorted()).toEqual(["id", "links", "status"]);
});

test.each([
  ["authorised before the buyer approved", "ORDER_NOT_APPROVED", false],
  ["authorised twice", "ORDER_ALREADY_AUTHORIZED", true],
])("an order cannot be %s", async (_, issue, isApproved) => {
  const { client } = simulator;
  const { id: made } = await client.ask(({ orders }) => orders.createOrder({ body: orderOf() }));
  const id = textOf(made);
  if (isApproved) {
    await simulator.approve(id);
    await authorize(simulator, id);
  }
  const refusal = await refusalOf(client.ask(({ orders }) => orders.authorizeOrder({ id })));
  expect(refusal).toEqual({ status: 422, name: "UNPROCESSABLE_ENTITY", issue });
});

test.each([
  [{ value: "10.001" }, "DECIMAL_PRECISION"],
  [{ value: "100.5", currency: "JPY" }, "DECIMALS_NOT_SUPPORTED"],
  [{ value: "0.00" }, "CANNOT_BE_ZERO_OR_NEGATIVE"],
  [{ value: "10.00", currency: "XTS" }, "INVALID_CURRENCY_CODE"],
])("an order of %o is refused with %s", async (amount, issue) => {
  const { client } = simulator;
  const call = client.ask(({ orders }) => orders.createOrder({ body: orderOf(amount) }));
  expect(await refusalOf(call)).toMatchObject({ status: 422, issue });
});

test("parts that do not add up to the amount are refused", async () => {
  const { client } = simulator;
  const money = (value: string) => ({ currencyCode: "USD", value });
  const body = {
    intent: Capture,
    purchaseUnits: [
      { amount: { ...money("25.00"), breakdown: { itemTotal: money("20.00"), shipping: money("4.99") } } },
    ],
  };
  const refusal = await refusalOf(client.ask(({ orders }) => orders.createOrder({ body })));
  expect(refusal).toMatchObject({ status: 422, issue: "AMOUNT_MISMATCH" });
});

test("a declined buyer may approve again with another way to pay", async () => {
  const { client, approve } = simulator;
  const id = await approvedOrder(simulator, { payer: "declined@buyer.example" });
  const refusal = await refusalOf(client.ask(({ orders }) => orders.authorizeOrder({ id })));
  expect(refusal).toMatchObject({ status: 422, issue: "INSTRUMENT_DECLINED" });
  await approve(id);
  expect(await client.ask(({ orders }) => orders.authorizeOrder({ id }))).toMatchObject({
    status: "COMPLETED",
  });
});

test("PayPal's own header for negative testing gives the error that it names", async () => {
  const id = await approvedOrder(simulator);
  const call = simulator.client.ask(({ orders }) =>
    orders.authorizeOrder({ id, paypalMockResponse: '{"mock_application_codes":"TRANSACTION_REFUSED"}' }),
  );
  expect(await refusalOf(call)).toMatchObject({ status: 422, issue: "TRANSACTION_REFUSED" });
});

test("an invoice is paid once", async () => {
  const { client } = simulator;
  const invoiceId = "invoice-1";
  await authorize(simulator, await approvedOrder(simulator, { invoiceId }));
  const second = await approvedOrder(simulator, { invoiceId });
  const refusal = await refusalOf(client.ask(({ orders }) => orders.authorizeOrder({ id: second })));
  expect(refusal).toMatchObject({ status: 422, issue: "DUPLICATE_INVOICE_ID" });
});

test("a voided authorisation is neither captured nor voided again", async () => {
  const { client } = simulator;
  const { authorizationId } = await authorize(simulator, await approvedOrder(simulator));
  const voidIt = () =>
    client.ask(({ payments }) => payments.voidPayment({ authorizationId, prefer: representation }));
  expect(await voidIt()).toMatchObject({ status: "VOIDED" });
  expect(await refusalOf(voidIt())).toMatchObject({ status: 422, issue: "PREVIOUSLY_VOIDED" });
  const capture = client.ask(({ payments }) => payments.captureAuthorizedPayment({ authorizationId }));
  expect(await refusalOf(capture)).toMatchObject({ status: 422, issue: "AUTHORIZATION_VOIDED" });
});

test("captures may come in parts, and exceed the authorisation by 15 percent at most", async () => {
  const { client } = simulator;
  const { authorizationId } = await authorize(simulator, await approvedOrder(simulator, { value: "100.00" }));
  const take = (value: string) =>
    client.ask(({ payments }) =>
      payments.captureAuthorizedPayment({
        authorizationId,
        body: { amount: { currencyCode: "USD", value } },
      }),
    );
  await take("60.00");
  expect(
    await client.ask(({ payments }) => payments.getAuthorizedPayment({ authorizationId })),
  ).toMatchObject({
    status: "PARTIALLY_CAPTURED",
  });
  expect(await refusalOf(take("55.01"))).toMatchObject({ status: 422, issue: "MAX_CAPTURE_AMOUNT_EXCEEDED" });
  await take("55.00");
  expect(await refusalOf(take("1.00"))).toMatchObject({
    status: 422,
    issue: "AUTHORIZATION_ALREADY_CAPTURED",
  });
});

test("an authorisation that nobody captures expires after 29 days", async () => {
  const { client, steer } = simulator;
  const { authorizationId } = await authorize(simulator, await approvedOrder(simulator));
  await steer("clock", { advance_seconds: 29 * 24 * 60 * 60 });
  expect(
    await client.ask(({ payments }) => payments.getAuthorizedPayment({ authorizationId })),
  ).toMatchObject({
    status: "VOIDED",
  });
  const capture = client.ask(({ payments }) => payments.captureAuthorizedPayment({ authorizationId }));
  expect(await refusalOf(capture)).toMatchObject({ status: 422, issue: "AUTHORIZATION_EXPIRED" });
});

test("a renewed authorisation is about the same money as the one it renews", async () => {
  const { client } = simulator;
  const { authorizationId } = await authorize(simulator, await approvedOrder(simulator));
  const renewed = await client.ask(({ payments }) => payments.reauthorizePayment({ authorizationId }));
  const renewedId = textOf(renewed.id);
  await client.ask(({ payments }) => payments.captureAuthorizedPayment({ authorizationId: renewedId }));
  const again = client.ask(({ payments }) => payments.captureAuthorizedPayment({ authorizationId }));
  expect(await refusalOf(again)).toMatchObject({ issue: "AUTHORIZATION_ALREADY_CAPTURED" });
});

test("a capture is refunded in parts until nothing is left", async () => {
  const { client } = simulator;
  const { authorizationId } = await authorize(simulator, await approvedOrder(simulator));
  const capture = await client.ask(({ payments }) => payments.captureAuthorizedPayment({ authorizationId }));
  const captureId = textOf(capture.id);
  const refund = (value: string) =>
    client.ask(({ payments }) =>
      payments.refundCapturedPayment({ captureId, body: { amount: { currencyCode: "USD", value } } }),
    );
  const first = await refund("10.00");
  expect(
    await client.ask(({ payments }) => payments.getRefund({ refundId: textOf(first.id) })),
  ).toMatchObject({
    status: "COMPLETED",
    amount: { value: "10.00" },
  });
  expect(await refusalOf(refund("15.01"))).toMatchObject({ issue: "REFUND_AMOUNT_EXCEEDED" });
  await client.ask(({ payments }) => payments.refundCapturedPayment({ captureId }));
  expect(await client.ask(({ payments }) => payments.getCapturedPayment({ captureId }))).toMatchObject({
    status: "REFUNDED",
  });
  expect(await refusalOf(refund("0.01"))).toMatchObject({ issue: "CAPTURE_FULLY_REFUNDED" });
});

test("an order is patched until it is paid", async () => {
  const { client } = simulator;
  const id = await approvedOrder(simulator);
  const path = "/purchase_units/@reference_id=='order-1'/custom_id";
  const patch = (value: string) =>
    client.ask(({ orders }) => orders.patchOrder({ id, body: [{ op: PatchOp.Replace, path, value }] }));
  await patch("attempt-2");
  const { purchaseUnits } = await client.ask(({ orders }) => orders.getOrder({ id }));
  expect(purchaseUnits).toMatchObject([{ customId: "attempt-2" }]);
  await authorize(simulator, id);
  expect(await refusalOf(patch("attempt-3"))).toMatchObject({ issue: "ORDER_ALREADY_COMPLETED" });
});

test("an order that nobody pays is forgotten after three hours", async () => {
  const { client, steer } = simulator;
  const id = await approvedOrder(simulator);
  await steer("clock", { advance_seconds: 3 * 60 * 60 });
  expect(await refusalOf(client.ask(({ orders }) => orders.getOrder({ id })))).toEqual({
    status: 404,
    name: "RESOURCE_NOT_FOUND",
    issue: "INVALID_RESOURCE_ID",
  });
});

test("wrong credentials and unknown tokens are refused; a revoked token is replaced", async () => {
  const { client, steer, url } = simulator;
  const order = await fetch(`${url}/v2/checkout/orders/1`, { headers: { authorization: "Bearer A21AA1.x" } });
  expect(order.status).toBe(401);
  const token = await fetch(`${url}/v1/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("client-local:wrong")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  expect(await token.json()).toMatchObject({ error: "invalid_client" });
  const id = await approvedOrder(simulator);
  await steer("tokens/revoke", {});
  expect(await client.ask(({ orders }) => orders.getOrder({ id }))).toMatchObject({ id });
});
