import type { Stripe } from "stripe";
import { asOfNow } from "./balance-transactions.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const ACCOUNT: Stripe.Account = {
  id: "acct_1LocalSimulator0",
  object: "account",
  business_profile: null,
  business_type: "company",
  capabilities: { card_payments: "active", transfers: "active" },
  charges_enabled: true,
  controller: { type: "account" },
  country: "US",
  created: 1_735_689_600,
  default_currency: "usd",
  details_submitted: true,
  email: "shop@example.com",
  external_accounts: {
    object: "list",
    data: [],
    has_more: false,
    url: "/v1/accounts/acct_1LocalSimulator0/external_accounts",
  },
  metadata: {},
  payouts_enabled: true,
  settings: null,
  tos_acceptance: { date: null, ip: null, user_agent: null },
  type: "standard",
};

export function retrieveAccount(): Reply {
  return answer(ACCOUNT);
}

export function retrieveBalance(work: Work, _call: Call): Reply {
  const transactions = work.store.all("balance_transaction", []).map((stored) => asOfNow(work, stored));
  const balance: Stripe.Balance = {
    object: "balance",
    available: sumByCurrency(transactions, "available"),
    livemode: false,
    pending: sumByCurrency(transactions, "pending"),
  };
  return answer(balance);
}

function sumByCurrency(
  transactions: readonly Stripe.BalanceTransaction[],
  status: "available" | "pending",
): Stripe.Balance.Available[] {
  const sums = new Map<string, number>([["usd", 0]]);
  for (const transaction of transactions) {
    const net = transaction.status === status ? transaction.net : 0;
    sums.set(transaction.currency, (sums.get(transaction.currency) ?? 0) + net);
  }
  return [...sums].map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }));
}
