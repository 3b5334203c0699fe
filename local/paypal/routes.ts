import { createFindRoute } from "../simulator/find-route.ts";
import { retrieveAuthorization } from "./authorizations.ts";
import { captureAuthorization } from "./capture-authorization.ts";
import { retrieveCapture } from "./captures.ts";
import { listDisputes, retrieveDispute } from "./disputes.ts";
import { listEvents, resendEvent, retrieveEvent } from "./events.ts";
import { createOrder, retrieveOrder } from "./orders.ts";
import { patchOrder } from "./patch-order.ts";
import { authorizeOrder, captureOrder } from "./pay-order.ts";
import { reauthorize } from "./reauthorize.ts";
import { refundCapture, retrieveRefund } from "./refunds.ts";
import type { Call, Reply, Simulation } from "./simulation.ts";
import { searchTransactions } from "./transactions.ts";
import { voidAuthorization } from "./void-authorization.ts";
import { verifySignature } from "./webhook-signature.ts";
import { createWebhook, deleteWebhook, listWebhooks, retrieveWebhook } from "./webhooks.ts";

type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** How long `PayPal-Request-Id` is remembered, and the status that a repetition is answered with. */
export type Repetition = { rememberedSeconds: number; status: (first: number) => number };

export type Route = {
  method: Method;
  /** `:id` stands for one segment. */
  path: string;
  run: (simulation: Simulation, call: Call, id: string) => Reply;
  repetition?: Repetition;
};

const ORDER_REPETITION: Repetition = {
  rememberedSeconds: 6 * 60 * 60,
  status: (first) => (first === 201 ? 200 : first),
};
const PAYMENT_REPETITION: Repetition = {
  rememberedSeconds: 45 * 24 * 60 * 60,
  status: (first) => first,
};

const ORDERS = "/v2/checkout/orders";
const AUTHORIZATIONS = "/v2/payments/authorizations/:id";
const CAPTURES = "/v2/payments/captures/:id";
const NOTIFICATIONS = "/v1/notifications";
const EVENTS = `${NOTIFICATIONS}/webhooks-events`;

const ROUTES: readonly Route[] = [
  { method: "POST", path: ORDERS, run: createOrder, repetition: ORDER_REPETITION },
  { method: "GET", path: `${ORDERS}/:id`, run: retrieveOrder },
  { method: "PATCH", path: `${ORDERS}/:id`, run: patchOrder },
  { method: "POST", path: `${ORDERS}/:id/authorize`, run: authorizeOrder, repetition: ORDER_REPETITION },
  { method: "POST", path: `${ORDERS}/:id/capture`, run: captureOrder, repetition: ORDER_REPETITION },
  { method: "GET", path: AUTHORIZATIONS, run: retrieveAuthorization },
  {
    method: "POST",
    path: `${AUTHORIZATIONS}/capture`,
    run: captureAuthorization,
    repetition: PAYMENT_REPETITION,
  },
  { method: "POST", path: `${AUTHORIZATIONS}/void`, run: voidAuthorization, repetition: PAYMENT_REPETITION },
  { method: "POST", path: `${AUTHORIZATIONS}/reauthorize`, run: reauthorize, repetition: PAYMENT_REPETITION },
  { method: "GET", path: CAPTURES, run: retrieveCapture },
  { method: "POST", path: `${CAPTURES}/refund`, run: refundCapture, repetition: PAYMENT_REPETITION },
  { method: "GET", path: "/v2/payments/refunds/:id", run: retrieveRefund },
  { method: "GET", path: "/v1/reporting/transactions", run: searchTransactions },
  { method: "GET", path: "/v1/customer/disputes", run: listDisputes },
  { method: "GET", path: "/v1/customer/disputes/:id", run: retrieveDispute },
  { method: "POST", path: `${NOTIFICATIONS}/verify-webhook-signature`, run: verifySignature },
  { method: "GET", path: EVENTS, run: listEvents },
  { method: "GET", path: `${EVENTS}/:id`, run: retrieveEvent },
  { method: "POST", path: `${EVENTS}/:id/resend`, run: resendEvent },
  { method: "POST", path: `${NOTIFICATIONS}/webhooks`, run: createWebhook },
  { method: "GET", path: `${NOTIFICATIONS}/webhooks`, run: listWebhooks },
  { method: "GET", path: `${NOTIFICATIONS}/webhooks/:id`, run: retrieveWebhook },
  { method: "DELETE", path: `${NOTIFICATIONS}/webhooks/:id`, run: deleteWebhook },
];

export const findRoute = createFindRoute(ROUTES);
