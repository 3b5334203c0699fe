import { Attempt, type Order } from "../../buying.ts";
import { PaypalAttempt, approve, buyer, newOrder, startPaypal } from "./paypal-buyer.ts";

export type Opened = {
  order: Order;
  sku: string;
  attemptId: string;
  payment: string;
  pay: () => Promise<unknown>;
};

const unitOf = ({ id }: Order, attemptId: string) => ({
  reference_id: id,
  custom_id: attemptId,
  invoice_id: attemptId,
  amount: { currency_code: "USD", value: "15.00" },
  payee: { email_address: "shop@payee.example", merchant_id: "TRADEW2NDSH9P" },
});

export const open = {
  stripe: async (): Promise<Opened> => {
    const { order, sku } = await newOrder();
    const attempt = (await buyer.startPayment(order)).as(Attempt);
    const payment = attempt.client_secret.split("_secret")[0] ?? "";
    return { order, sku, attemptId: attempt.attempt_id, payment, pay: () => buyer.payWith(attempt) };
  },
  paypal: async (): Promise<Opened> => {
    const { order, sku } = await newOrder();
    const { attempt_id: attemptId, approve_url: url } = (await startPaypal(order)).as(PaypalAttempt);
    const payment = new URL(url).searchParams.get("token") ?? "";
    return { order, sku, attemptId, payment, pay: () => approve(url) };
  },
} as const;

export type Provider = keyof typeof open;
export type Case = {
  provider: Provider;
  what: string;
  /** How the provider's object, or its event, is other than it should be. */
  change: (opened: Opened) => object;
  reason: string;
  differing: [claim: string, expected: unknown, told: unknown];
};

const other = (opened: Opened, changes: object) => ({
  units: [{ ...unitOf(opened.order, opened.attemptId), ...changes }],
});
const metadata = { order_id: "ord_another", attempt_id: "pay_another" };
export const own = "own" as const;

export const readings: Case[] = [
  {
    provider: "stripe",
    what: "amount",
    change: () => ({ amount: 1400 }),
    reason: "amount_mismatch",
    differing: ["amount", 1500, 1400],
  },
  {
    provider: "stripe",
    what: "currency",
    change: () => ({ currency: "eur" }),
    reason: "amount_mismatch",
    differing: ["currency", "USD", "EUR"],
  },
  {
    provider: "stripe",
    what: "mode",
    change: () => ({ livemode: true }),
    reason: "mode_mismatch",
    differing: ["mode", "test", "live"],
  },
  {
    provider: "stripe",
    what: "account",
    change: () => ({ on_behalf_of: "acct_other" }),
    reason: "account_mismatch",
    differing: ["account", null, "acct_other"],
  },
  {
    provider: "stripe",
    what: "order",
    change: () => ({ metadata }),
    reason: "identity_mismatch",
    differing: ["order", own, "ord_another"],
  },
  {
    provider: "paypal",
    what: "amount",
    change: (opened) => other(opened, { amount: { currency_code: "USD", value: "14.00" } }),
    reason: "amount_mismatch",
    differing: ["amount", 1500, 1400],
  },
  {
    provider: "paypal",
    what: "currency",
    change: (opened) => other(opened, { amount: { currency_code: "EUR", value: "15.00" } }),
    reason: "amount_mismatch",
    differing: ["currency", "USD", "EUR"],
  },
  {
    provider: "paypal",
    what: "mode",
    change: () => ({ origin: "https://api-m.paypal.com" }),
    reason: "mode_mismatch",
    differing: ["mode", "test", "live"],
  },
  {
    provider: "paypal",
    what: "account",
    change: (opened) => other(opened, { payee: { merchant_id: "ANOTHERSHOP" } }),
    reason: "account_mismatch",
    differing: ["account", "TRADEW2NDSH9P", "ANOTHERSHOP"],
  },
  {
    provider: "paypal",
    what: "order",
    change: (opened) => other(opened, { reference_id: "ord_another" }),
    reason: "identity_mismatch",
    differing: ["order", own, "ord_another"],
  },
  {
    provider: "paypal",
    what: "attempt",
    change: (opened) => other(opened, { custom_id: "pay_another" }),
    reason: "identity_mismatch",
    differing: ["attempt", own, "pay_another"],
  },
];

export const purchase = (changes: (opened: Opened) => object) => (opened: Opened) => ({
  claims: { purchase_units: [{ ...unitOf(opened.order, opened.attemptId), ...changes(opened) }] },
});

export const events: Case[] = [
  {
    provider: "stripe",
    what: "amount",
    change: () => ({ claims: { amount: 5 } }),
    reason: "amount_mismatch",
    differing: ["amount", 1500, 5],
  },
  {
    provider: "stripe",
    what: "sum taken",
    change: () => ({ claims: { amount_received: 5 } }),
    reason: "amount_mismatch",
    differing: ["captured", 1500, 5],
  },
  {
    provider: "stripe",
    what: "currency",
    change: () => ({ claims: { currency: "eur", amount_received: 1500 } }),
    reason: "amount_mismatch",
    differing: ["currency", "USD", "EUR"],
  },
  {
    provider: "stripe",
    what: "order",
    change: () => ({ claims: { metadata, amount_received: 1500 } }),
    reason: "identity_mismatch",
    differing: ["order", own, "ord_another"],
  },
  {
    provider: "paypal",
    what: "amount",
    change: purchase(() => ({ amount: { currency_code: "USD", value: "0.05" } })),
    reason: "amount_mismatch",
    differing: ["amount", 1500, 5],
  },
  {
    provider: "paypal",
    what: "currency",
    change: purchase(() => ({ amount: { currency_code: "EUR", value: "15.00" } })),
    reason: "amount_mismatch",
    differing: ["currency", "USD", "EUR"],
  },
  {
    provider: "paypal",
    what: "order",
    change: purchase(() => ({ reference_id: "ord_another" })),
    reason: "identity_mismatch",
    differing: ["order", own, "ord_another"],
  },
  {
    provider: "paypal",
    what: "invoice",
    change: purchase(() => ({ invoice_id: "pay_another" })),
    reason: "identity_mismatch",
    differing: ["invoice", own, "pay_another"],
  },
];

export const telling = (provider: Provider, { payment }: Opened) => ({
  event_type: provider === "stripe" ? "payment_intent.succeeded" : "CHECKOUT.ORDER.APPROVED",
  object: payment,
});

export const foreign: Omit<Case, "reason">[] = [
  {
    provider: "stripe",
    what: "mode",
    change: () => ({ event_claims: { livemode: true } }),
    differing: ["mode", "test", "live"],
  },
  {
    provider: "stripe",
    what: "account",
    change: () => ({ event_claims: { account: "acct_other" } }),
    differing: ["account", null, "acct_other"],
  },
  {
    provider: "paypal",
    what: "mode",
    change: () => ({ event_claims: { links: [{ href: "https://api.paypal.com/v1/notifications" }] } }),
    differing: ["mode", "test", "live"],
  },
  {
    provider: "paypal",
    what: "account",
    change: purchase(() => ({ payee: { merchant_id: "ANOTHERSHOP" } })),
    differing: ["account", "TRADEW2NDSH9P", "ANOTHERSHOP"],
  },
];
