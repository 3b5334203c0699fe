import type { Stripe } from "stripe";
import { z } from "zod";
import { findCustomer } from "./customers.ts";
import { recordEvent } from "./events.ts";
import { invalidRequest, noSuch, StripeFailure } from "./failure.ts";
import { newId } from "./ids.ts";
import { equalTo, listPage, pagination } from "./list-page.ts";
import { address, expandable, mergeMetadata, metadata, parseParameters, wholeNumber } from "./parameters.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";
import {
  type CardBehaviour,
  cardOfFingerprint,
  cardOfNumber,
  cardOfSentinel,
  fingerprintOf,
  type TestCard,
} from "./test-cards.ts";

const BillingDetails = z.strictObject({
  address: address.optional(),
  email: z.string().optional(),
  name: z.string().optional(),
  phone: z.string().optional(),
});

/** What `payment_method_data` and the creation of a payment method both take. */
export const CardData = z.strictObject({
  type: z.literal("card"),
  card: z.union([
    z.strictObject({ token: z.string() }),
    z.strictObject({
      number: z.string(),
      exp_month: wholeNumber,
      exp_year: wholeNumber,
      cvc: z.string().optional(),
    }),
  ]),
  billing_details: BillingDetails.optional(),
  allow_redisplay: z.enum(["always", "limited", "unspecified"]).optional(),
  metadata: metadata.optional(),
});
type CardData = z.infer<typeof CardData>;

const CreatePaymentMethod = CardData.extend(expandable);

export function createPaymentMethod(work: Work, call: Call): Reply {
  return answer(storePaymentMethod(work, parseParameters(CreatePaymentMethod, call.fields)));
}

export function storePaymentMethod(work: Work, data: CardData): Stripe.PaymentMethod {
  const method = buildPaymentMethod(work, cardOfData(data), data);
  work.store.save(method);
  return method;
}

function cardOfData({ card }: CardData): TestCard {
  if ("token" in card) {
    const found = cardOfSentinel(card.token);
    if (found === undefined) throw noSuch("token", card.token, "card[token]");
    return found;
  }
  const found = cardOfNumber(card.number);
  if (found !== undefined) return found;
  throw new StripeFailure(402, {
    type: "card_error",
    code: "incorrect_number",
    message: "Your card number is incorrect.",
    param: "number",
  });
}

/** A stored method by its id, or a new one for a sentinel such as `pm_card_visa`, as Stripe's test mode does. */
export function resolvePaymentMethod(work: Work, id: string): Stripe.PaymentMethod {
  const stored = work.store.find("payment_method", id);
  if (stored !== undefined) return stored;
  const card = id.startsWith("pm_card_") ? cardOfSentinel(id) : undefined;
  if (card === undefined) throw noSuch("PaymentMethod", id, "payment_method");
  const method = buildPaymentMethod(work, card, {});
  work.store.save(method);
  return method;
}

export function behaviourOf(method: Stripe.PaymentMethod): CardBehaviour {
  const card = cardOfFingerprint(method.card?.fingerprint ?? "");
  if (card === undefined) throw new Error(`Payment method ${method.id} is no test card.`);
  return card.behaviour;
}

function buildPaymentMethod(
  work: Work,
  card: TestCard,
  data: Partial<Pick<CardData, "card" | "billing_details" | "allow_redisplay" | "metadata">>,
): Stripe.PaymentMethod {
  const billing = data.billing_details;
  const expiry = data.card !== undefined && "number" in data.card ? data.card : undefined;
  return {
    id: newId("pm"),
    object: "payment_method",
    allow_redisplay: data.allow_redisplay ?? "unspecified",
    billing_details: {
      address: billing?.address ?? {
        city: null,
        country: null,
        line1: null,
        line2: null,
        postal_code: null,
        state: null,
      },
      email: billing?.email ?? null,
      name: billing?.name ?? null,
      phone: billing?.phone ?? null,
      tax_id: null,
    },
    card: cardDetails(card, {
      exp_month: expiry?.exp_month ?? 12,
      exp_year: expiry?.exp_year ?? new Date(work.clock.nowMs()).getUTCFullYear() + 4,
    }),
    created: work.clock.nowSeconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: mergeMetadata({}, data.metadata),
    type: "card",
  };
}

function cardDetails(
  card: TestCard,
  expiry: { exp_month: number; exp_year: number },
): Stripe.PaymentMethod.Card {
  return {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
    country: "US",
    display_brand: card.brand,
    ...expiry,
    fingerprint: fingerprintOf(card),
    funding: "credit",
    generated_from: null,
    last4: card.number.slice(-4),
    networks: { available: [card.brand], preferred: null },
    regulated_status: "unregulated",
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}

export function retrievePaymentMethod(work: Work, _call: Call, id: string): Reply {
  return answer(findPaymentMethod(work, id));
}

function findPaymentMethod(work: Work, id: string): Stripe.PaymentMethod {
  const method = work.store.find("payment_method", id);
  if (method === undefined) throw noSuch("PaymentMethod", id, "payment_method");
  return method;
}

const AttachPaymentMethod = z.strictObject({ ...expandable, customer: z.string() });

export function attachPaymentMethod(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(AttachPaymentMethod, call.fields);
  const customer = findCustomer(work, parameters.customer, "customer");
  const method = resolvePaymentMethod(work, id);
  if (method.customer !== null && method.customer !== customer.id) {
    throw invalidRequest("The payment method you provided has already been attached to a customer.", {
      code: "payment_method_unexpected_state",
    });
  }
  const attached = { ...method, customer: customer.id };
  work.store.save(attached);
  recordEvent(work, "payment_method.attached", { object: attached });
  return answer(attached);
}

export function detachPaymentMethod(work: Work, _call: Call, id: string): Reply {
  const method = findPaymentMethod(work, id);
  if (method.customer === null) {
    throw invalidRequest(
      "The payment method you provided is not attached to a customer so detachment is impossible.",
      { code: "payment_method_unexpected_state" },
    );
  }
  const detached = { ...method, customer: null };
  work.store.save(detached);
  recordEvent(work, "payment_method.detached", { object: detached, before: method });
  return answer(detached);
}

const ListPaymentMethods = z.strictObject({
  ...pagination,
  customer: z.string().optional(),
  type: z.string().optional(),
});

export function listPaymentMethods(work: Work, call: Call): Reply {
  const parameters = parseParameters(ListPaymentMethods, call.fields);
  const conditions = equalTo({ customer: parameters.customer, type: parameters.type });
  return answer(
    listPage(work, { name: "payment_method", url: "/v1/payment_methods", parameters, conditions }),
  );
}
