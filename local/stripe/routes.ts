import { createFindRoute } from "../simulator/find-route.ts";
import { retrieveAccount, retrieveBalance } from "./account.ts";
import { listBalanceTransactions, retrieveBalanceTransaction } from "./balance-transactions.ts";
import { retrievePaymentIntent } from "./buyer-view.ts";
import { cancelPaymentIntent } from "./cancel-payment-intent.ts";
import { capturePaymentIntent } from "./capture-payment-intent.ts";
import { listCharges, retrieveCharge, updateCharge } from "./charges.ts";
import { confirmPaymentIntent } from "./confirm-payment-intent.ts";
import {
  createCustomer,
  deleteCustomer,
  listCustomers,
  retrieveCustomer,
  updateCustomer,
} from "./customers.ts";
import { closeDispute, listDisputes, retrieveDispute, updateDispute } from "./disputes.ts";
import { listEvents, retrieveEvent } from "./events.ts";
import { createPaymentIntent, listPaymentIntents, updatePaymentIntent } from "./payment-intents.ts";
import {
  attachPaymentMethod,
  createPaymentMethod,
  detachPaymentMethod,
  listPaymentMethods,
  retrievePaymentMethod,
} from "./payment-methods.ts";
import { cancelRefund, createRefund, listRefunds, retrieveRefund, updateRefund } from "./refunds.ts";
import { searchPaymentIntents } from "./search-payment-intents.ts";
import type { Access, Call, Reply, Work } from "./simulation.ts";
import {
  createWebhookEndpoint,
  deleteWebhookEndpoint,
  listWebhookEndpoints,
  retrieveWebhookEndpoint,
  updateWebhookEndpoint,
} from "./webhook-endpoints.ts";

export type Method = "GET" | "POST" | "DELETE";

export type Route = {
  method: Method;
  /** `:id` stands for one segment. */
  path: string;
  /** The least key that may call it. */
  access: Access;
  run: (work: Work, call: Call, id: string) => Reply;
};

function route(method: Method, path: string, run: Route["run"]): Route {
  return { method, path, access: "secret", run };
}

function openToBuyers(method: Method, path: string, run: Route["run"]): Route {
  return { method, path, access: "publishable", run };
}

const ROUTES: readonly Route[] = [
  route("POST", "/v1/payment_intents", createPaymentIntent),
  route("GET", "/v1/payment_intents", listPaymentIntents),
  route("GET", "/v1/payment_intents/search", searchPaymentIntents),
  openToBuyers("GET", "/v1/payment_intents/:id", retrievePaymentIntent),
  route("POST", "/v1/payment_intents/:id", updatePaymentIntent),
  openToBuyers("POST", "/v1/payment_intents/:id/confirm", confirmPaymentIntent),
  route("POST", "/v1/payment_intents/:id/capture", capturePaymentIntent),
  route("POST", "/v1/payment_intents/:id/cancel", cancelPaymentIntent),
  route("GET", "/v1/charges", listCharges),
  route("GET", "/v1/charges/:id", retrieveCharge),
  route("POST", "/v1/charges/:id", updateCharge),
  route("POST", "/v1/refunds", createRefund),
  route("GET", "/v1/refunds", listRefunds),
  route("GET", "/v1/refunds/:id", retrieveRefund),
  route("POST", "/v1/refunds/:id", updateRefund),
  route("POST", "/v1/refunds/:id/cancel", cancelRefund),
  route("GET", "/v1/balance", retrieveBalance),
  route("GET", "/v1/balance_transactions", listBalanceTransactions),
  route("GET", "/v1/balance_transactions/:id", retrieveBalanceTransaction),
  route("POST", "/v1/customers", createCustomer),
  route("GET", "/v1/customers", listCustomers),
  route("GET", "/v1/customers/:id", retrieveCustomer),
  route("POST", "/v1/customers/:id", updateCustomer),
  route("DELETE", "/v1/customers/:id", deleteCustomer),
  openToBuyers("POST", "/v1/payment_methods", createPaymentMethod),
  route("GET", "/v1/payment_methods", listPaymentMethods),
  route("GET", "/v1/payment_methods/:id", retrievePaymentMethod),
  route("POST", "/v1/payment_methods/:id/attach", attachPaymentMethod),
  route("POST", "/v1/payment_methods/:id/detach", detachPaymentMethod),
  route("GET", "/v1/disputes", listDisputes),
  route("GET", "/v1/disputes/:id", retrieveDispute),
  route("POST", "/v1/disputes/:id", updateDispute),
  route("POST", "/v1/disputes/:id/close", closeDispute),
  route("GET", "/v1/events", listEvents),
  route("GET", "/v1/events/:id", retrieveEvent),
  route("POST", "/v1/webhook_endpoints", createWebhookEndpoint),
  route("GET", "/v1/webhook_endpoints", listWebhookEndpoints),
  route("GET", "/v1/webhook_endpoints/:id", retrieveWebhookEndpoint),
  route("POST", "/v1/webhook_endpoints/:id", updateWebhookEndpoint),
  route("DELETE", "/v1/webhook_endpoints/:id", deleteWebhookEndpoint),
  route("GET", "/v1/account", retrieveAccount),
];

export const findRoute = createFindRoute(ROUTES);
