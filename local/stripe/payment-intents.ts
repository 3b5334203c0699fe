import type { Stripe } from "stripe";
import { z } from "zod";
import { findCustomer } from "./customers.ts";
import { attemptPayment } from "./payment-attempts.ts";
import { recordEvent } from "./events.ts";
import { invalidRequest, noSuch } from "./failure.ts";
import { newClientSecret, newId } from "./ids.ts";
import { createdFilter, equalTo, listPage, pagination } from "./list-page.ts";
import {
  accepted,
  amountMinor,
  currencyCode,
  expandable,
  mergeMetadata,
  metadata,
  parseParameters,
  shipping,
  truth,
} from "./parameters.ts";
import { moveTo, requireStatusFor } from "./payment-intent-states.ts";
import { CardData, resolvePaymentMethod, storePaymentMethod } from "./payment-methods.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const CARD_AMOUNT_MINOR_MIN = 50;

const AutomaticPaymentMethods = z.strictObject({
  enabled: truth,
  allow_redirects: z.enum(["always", "never"]).optional(),
});

const IntentFields = z.strictObject({
  ...expandable,
  amount: amountMinor.optional(),
  currency: currencyCode.optional(),
  capture_method: z.enum(["automatic", "automatic_async", "manual"]).optional(),
  customer: z.string().optional(),
  description: z.string().optional(),
  metadata: metadata.optional(),
  payment_method: z.string().optional(),
  payment_method_data: CardData.optional(),
  ...accepted("amount_details", "hooks", "payment_details", "payment_method_configuration"),
  ...accepted("payment_method_options"),
  allowed_payment_method_types: z.array(z.string()).optional(),
  excluded_payment_method_types: z.array(z.string()).optional(),
  /** The name that `allowed_payment_method_types` had in earlier versions of the API. */
  payment_method_types: z.array(z.string()).optional(),
  receipt_email: z.string().optional(),
  setup_future_usage: z.enum(["off_session", "on_session"]).optional(),
  shipping: shipping.optional(),
  statement_descriptor: z.string().max(22).optional(),
  statement_descriptor_suffix: z.string().max(22).optional(),
  transfer_group: z.string().optional(),
});
type IntentFields = z.infer<typeof IntentFields>;

const CreateIntent = IntentFields.extend({
  ...accepted("mandate", "mandate_data", "radar_options"),
  amount: amountMinor,
  currency: currencyCode,
  automatic_payment_methods: AutomaticPaymentMethods.optional(),
  confirm: truth.optional(),
  confirmation_method: z.enum(["automatic", "manual"]).optional(),
  error_on_requires_action: truth.optional(),
  off_session: truth.optional(),
  return_url: z.url().optional(),
  use_stripe_sdk: truth.optional(),
});
type CreateIntent = z.infer<typeof CreateIntent>;

export function createPaymentIntent(work: Work, call: Call): Reply {
  const parameters = parseParameters(CreateIntent, call.fields);
  requireLargeEnough(parameters.amount);
  const blank = blankIntent(work, parameters);
  const intent = withFields(work, blank, parameters);
  work.store.save(intent);
  recordEvent(work, "payment_intent.created", { object: intent });
  if (parameters.confirm !== true) return answer(intent);
  return attemptPayment(work, intent, {
    isOffSession: parameters.off_session ?? false,
    returnUrl: parameters.return_url ?? null,
    origin: call.origin,
  });
}

export function updatePaymentIntent(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(IntentFields, call.fields);
  const intent = findIntent(work, id);
  if (changesThePayment(parameters)) requireStatusFor("updated", intent);
  if (parameters.amount !== undefined) requireLargeEnough(parameters.amount);
  const updated = withFields(work, intent, parameters);
  work.store.save(updated);
  return answer(updated);
}

/** Once the money is reserved or taken, only what describes the payment may still change. */
function changesThePayment(fields: IntentFields): boolean {
  return (
    fields.amount !== undefined ||
    fields.currency !== undefined ||
    fields.capture_method !== undefined ||
    fields.payment_method !== undefined ||
    fields.payment_method_data !== undefined
  );
}

function requireLargeEnough(amount: number): void {
  if (amount >= CARD_AMOUNT_MINOR_MIN) return;
  throw invalidRequest("Amount must be at least 50 cents.", { code: "amount_too_small", param: "amount" });
}

export function findIntent(work: Work, id: string): Stripe.PaymentIntent {
  const intent = work.store.find("payment_intent", id);
  if (intent === undefined) throw noSuch("payment_intent", id, "intent");
  return intent;
}

const ListIntents = z.strictObject({ ...pagination, customer: z.string().optional() });

export function listPaymentIntents(work: Work, call: Call): Reply {
  const parameters = parseParameters(ListIntents, call.fields);
  const conditions = [...createdFilter(parameters), ...equalTo({ customer: parameters.customer })];
  return answer(
    listPage(work, { name: "payment_intent", url: "/v1/payment_intents", parameters, conditions }),
  );
}

/** A method that comes with the call: an id, a sentinel or a card's own details. */
export function givenPaymentMethod(
  work: Work,
  fields: Pick<IntentFields, "payment_method" | "payment_method_data">,
): string | undefined {
  if (fields.payment_method_data !== undefined)
    return storePaymentMethod(work, fields.payment_method_data).id;
  return fields.payment_method === undefined
    ? undefined
    : resolvePaymentMethod(work, fields.payment_method).id;
}

function withFields(work: Work, intent: Stripe.PaymentIntent, fields: IntentFields): Stripe.PaymentIntent {
  const method = givenPaymentMethod(work, fields);
  const customer =
    fields.customer === undefined ? intent.customer : findCustomer(work, fields.customer, "customer").id;
  const described: Stripe.PaymentIntent = {
    ...intent,
    amount: fields.amount ?? intent.amount,
    capture_method: fields.capture_method ?? intent.capture_method,
    currency: fields.currency ?? intent.currency,
    customer,
    description: fields.description ?? intent.description,
    metadata: mergeMetadata(intent.metadata, fields.metadata),
    allowed_payment_method_types: fields.allowed_payment_method_types ?? intent.allowed_payment_method_types,
    excluded_payment_method_types:
      fields.excluded_payment_method_types ?? intent.excluded_payment_method_types,
    payment_method_types:
      fields.allowed_payment_method_types ?? fields.payment_method_types ?? intent.payment_method_types,
    receipt_email: fields.receipt_email ?? intent.receipt_email,
    setup_future_usage: fields.setup_future_usage ?? intent.setup_future_usage,
    shipping: fields.shipping ?? intent.shipping,
    statement_descriptor: fields.statement_descriptor ?? intent.statement_descriptor,
    statement_descriptor_suffix: fields.statement_descriptor_suffix ?? intent.statement_descriptor_suffix,
    transfer_group: fields.transfer_group ?? intent.transfer_group,
  };
  if (method === undefined) return described;
  return moveTo("requires_confirmation", described, { payment_method: method, next_action: null });
}

function automaticPaymentMethods(
  parameters: CreateIntent,
): Stripe.PaymentIntent.AutomaticPaymentMethods | null {
  const given = parameters.automatic_payment_methods;
  if (given !== undefined)
    return { allow_redirects: given.allow_redirects ?? "always", enabled: given.enabled };
  const chosen = parameters.allowed_payment_method_types ?? parameters.payment_method_types;
  return chosen === undefined ? { allow_redirects: "always", enabled: true } : null;
}

function blankIntent(work: Work, parameters: CreateIntent): Stripe.PaymentIntent {
  const id = newId("pi");
  return {
    id,
    object: "payment_intent",
    allowed_payment_method_types: null,
    amount: parameters.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: automaticPaymentMethods(parameters),
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic_async",
    client_secret: newClientSecret(id),
    confirmation_method: parameters.confirmation_method ?? "automatic",
    created: work.clock.nowSeconds(),
    currency: parameters.currency,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: "automatic" },
    },
    payment_method_types: ["card"],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "requires_payment_method",
    transfer_data: null,
    transfer_group: null,
  };
}
