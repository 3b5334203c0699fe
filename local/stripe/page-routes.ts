import type { Stripe } from "stripe";
import { confirmPaymentIntent } from "./confirm-payment-intent.ts";
import { inTransaction } from "../sqlite-transaction.ts";
import { StripeFailure } from "./failure.ts";
import { parseFormBody } from "./form-body.ts";
import { authenticationPage, messagePage, overviewPage, payPage } from "./pages.ts";
import { finishAuthentication } from "./payment-attempts.ts";
import { findIntent } from "./payment-intents.ts";
import { NO_CAUSE, type Simulation, type Work } from "./simulation.ts";
import { TEST_CARDS } from "./test-cards.ts";

const ROWS_SHOWN = 30;

export type PageRequest = { method: string; path: string; body: string; origin: string };
export type PageAnswer = { status: number; html: string } | { redirectTo: string };

/** The pages that a person uses in the browser, or nothing when the path is none of them. */
export function answerPage(simulation: Simulation, request: PageRequest): PageAnswer | undefined {
  if (request.path === "/" && request.method === "GET") return { status: 200, html: overview(simulation) };
  const match = /^\/(?<page>pay|authenticate)\/(?<secret>\w+)$/.exec(request.path);
  if (match?.groups === undefined) return undefined;
  const intent = intentOfClientSecret(simulation, match.groups["secret"] ?? "");
  if (intent === undefined) return { status: 404, html: messagePage("There is no such payment.") };
  try {
    return match.groups["page"] === "pay"
      ? pay(simulation, intent, request)
      : authenticate(simulation, intent, request);
  } catch (failure) {
    if (!(failure instanceof StripeFailure)) throw failure;
    return { status: failure.status, html: messagePage(failure.message) };
  }
}

function overview({ store, deliveries }: Simulation): string {
  const page = { conditions: [], limit: ROWS_SHOWN };
  return overviewPage({
    intents: store.list("payment_intent", page),
    events: store.list("event", page),
    deliveries: deliveries.list(ROWS_SHOWN),
  });
}

function intentOfClientSecret(
  simulation: Simulation,
  clientSecret: string,
): Stripe.PaymentIntent | undefined {
  const [id = ""] = clientSecret.split("_secret_");
  const intent = simulation.store.find("payment_intent", id);
  return intent?.client_secret === clientSecret ? intent : undefined;
}

function pay(simulation: Simulation, intent: Stripe.PaymentIntent, request: PageRequest): PageAnswer {
  if (request.method !== "POST") return { status: 200, html: payPage(intent, TEST_CARDS) };
  const fields = parseFormBody(request.body);
  const work: Work = { ...simulation, cause: NO_CAUSE };
  inTransaction(simulation.database, () =>
    confirmPaymentIntent(work, { access: "secret", fields, origin: request.origin }, intent.id),
  );
  const { next_action: nextAction } = findIntent(work, intent.id);
  return { redirectTo: nextAction?.redirect_to_url?.url ?? request.path };
}

function authenticate(
  simulation: Simulation,
  intent: Stripe.PaymentIntent,
  request: PageRequest,
): PageAnswer {
  if (intent.status !== "requires_action") {
    return { status: 409, html: messagePage(`This payment is not waiting for you: it is ${intent.status}.`) };
  }
  if (request.method !== "POST") return { status: 200, html: authenticationPage(intent) };
  const isApproved = parseFormBody(request.body)["outcome"] === "approve";
  const work: Work = { ...simulation, cause: NO_CAUSE };
  inTransaction(simulation.database, () => finishAuthentication(work, intent, isApproved));
  return { redirectTo: returnUrl(intent, findIntent(work, intent.id)) };
}

/** Where the shop wants its buyer back, told of the outcome in the way Stripe tells it. */
function returnUrl(before: Stripe.PaymentIntent, after: Stripe.PaymentIntent): string {
  const wanted = before.next_action?.redirect_to_url?.return_url ?? null;
  if (wanted === null) return `/pay/${after.client_secret}`;
  const url = new URL(wanted);
  url.searchParams.set("payment_intent", after.id);
  url.searchParams.set("payment_intent_client_secret", after.client_secret ?? "");
  url.searchParams.set(
    "redirect_status",
    after.status === "requires_payment_method" ? "failed" : "succeeded",
  );
  return url.href;
}
