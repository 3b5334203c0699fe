import type { Stripe } from "stripe";
import { z } from "zod";
import { noSuch } from "./failure.ts";
import { newId } from "./ids.ts";
import { createdFilter, equalTo, listPage, pagination } from "./list-page.ts";
import { parseParameters } from "./parameters.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const AVAILABLE_AFTER_SECONDS = 2 * 24 * 60 * 60;
const FEE_FIXED_MINOR = 30;
const FEE_PER_THOUSAND = 29;

export type Movement = {
  type: "charge" | "refund" | "refund_failure" | "adjustment";
  category: "charge" | "refund" | "refund_failure" | "dispute" | "dispute_reversal";
  amount: number;
  fee: number;
  currency: string;
  source: string;
  description: string | null;
  availableAtOnce?: boolean;
};

/** Stripe's list price for a domestic card: 2.9 % and 30 minor units. */
export function cardFee(amount: number): number {
  return Math.round((amount * FEE_PER_THOUSAND) / 1000) + FEE_FIXED_MINOR;
}

export function moveMoney(work: Work, movement: Movement): Stripe.BalanceTransaction {
  const created = work.clock.nowSeconds();
  const availableOn = movement.availableAtOnce === true ? created : created + AVAILABLE_AFTER_SECONDS;
  const transaction: Stripe.BalanceTransaction = {
    id: newId("txn"),
    object: "balance_transaction",
    amount: movement.amount,
    available_on: availableOn,
    balance_type: "payments",
    created,
    currency: movement.currency,
    description: movement.description,
    exchange_rate: null,
    fee: movement.fee,
    fee_details: feeDetails(movement),
    net: movement.amount - movement.fee,
    reporting_category: movement.category,
    source: movement.source,
    status: "pending",
    type: movement.type,
  };
  work.store.save(transaction);
  return transaction;
}

function feeDetails({ fee, currency, category }: Movement): Stripe.BalanceTransaction.FeeDetail[] {
  if (fee === 0) return [];
  const description = category === "charge" ? "Stripe processing fees" : "Dispute fee";
  return [{ amount: fee, application: null, currency, description, type: "stripe_fee" }];
}

export function retrieveBalanceTransaction(work: Work, _call: Call, id: string): Reply {
  const transaction = work.store.find("balance_transaction", id);
  if (transaction === undefined) throw noSuch("balance transaction", id, "id");
  return answer(asOfNow(work, transaction));
}

const ListBalanceTransactions = z.strictObject({
  ...pagination,
  currency: z.string().optional(),
  source: z.string().optional(),
  type: z.string().optional(),
});

export function listBalanceTransactions(work: Work, call: Call): Reply {
  const parameters = parseParameters(ListBalanceTransactions, call.fields);
  const { currency, source, type } = parameters;
  const page = listPage(work, {
    name: "balance_transaction",
    url: "/v1/balance_transactions",
    parameters,
    conditions: [...createdFilter(parameters), ...equalTo({ currency, source, type })],
  });
  return answer({ ...page, data: page.data.map((transaction) => asOfNow(work, transaction)) });
}

/** Whether money is available is a matter of time alone, so it is told when read and never stored. */
export function asOfNow(work: Work, transaction: Stripe.BalanceTransaction): Stripe.BalanceTransaction {
  const isAvailable = transaction.available_on <= work.clock.nowSeconds();
  return { ...transaction, status: isAvailable ? "available" : "pending" };
}
