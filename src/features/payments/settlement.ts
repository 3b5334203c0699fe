import type { PaymentFacts, PaymentProvider } from "#core/payment-facts";
import type { OrderEventType } from "#events/catalogue";
import type { OrderStatus, OrderTransition } from "#features/orders/rules";
import { type ReviewCause, parking } from "./parking.ts";
import {
  type AttemptStatus,
  type PaymentSituation,
  type PaymentStep,
  isOpen,
  nextPaymentStep,
} from "./rules.ts";
import { keepingSight } from "./sight.ts";

/** The payment attempt as the settlement sees it. */
export type SettledAttempt = {
  readonly id: string;
  readonly orderId: string;
  readonly provider: PaymentProvider;
  readonly status: AttemptStatus;
  readonly providerReference: string | null;
  readonly failureCode: string | null;
  /** When staff decided that it is its order's, whatever it says of itself. */
  readonly acceptedAt: Date | null;
};

/** The order as the settlement sees it. Amounts in minor units. */
export type SettledOrder = {
  readonly id: string;
  readonly status: OrderStatus;
  readonly total: number;
  readonly currency: string;
  /** Oldest first. */
  readonly attempts: readonly SettledAttempt[];
  /** The newest attempt, which pays the order; earlier ones were superseded by it. */
  readonly attempt: SettledAttempt | undefined;
  readonly refunds: readonly {
    readonly status: "pending" | "succeeded" | "failed";
    readonly origin: "staff" | "provider" | "system";
    readonly attemptId: string;
    readonly amount: number;
  }[];
};

/** What changes together, in one transaction or not at all. */
export type SettlementChange = {
  order?: {
    transition: OrderTransition | undefined;
    event: OrderEventType;
    data: Record<string, unknown>;
    numbered?: boolean;
    /** Gives the buyer until then to pay. */
    payBy?: Date;
  };
  attempt?: {
    id: string;
    status: AttemptStatus;
    reference?: string;
    capturedAmount?: number;
    failureCode?: string | undefined;
  };
  /** Stored together with a transition to review. */
  review?: ReviewCause;
};

/** Money that goes or went back, and what was taken before, in minor units. */
export type MovedMoney = { readonly amount: number; readonly captured: number; readonly currency: string };

/** What the settlement needs from the world; the real ones ask Postgres, the objects and the provider. */
export type SettlementPorts<Order extends SettledOrder> = {
  readonly load: (orderId: string) => Promise<Order | undefined>;
  /** Asks once more for the attempt's payment: the same key leads to the same one. */
  readonly authorise: (order: Order, attempt: SettledAttempt) => Promise<PaymentFacts>;
  readonly read: (attempt: SettledAttempt, reference: string) => Promise<PaymentFacts>;
  /** Reserves the money that the buyer has approved, where that is a step of its own. */
  readonly completeAuthorisation: (attempt: SettledAttempt, reference: string) => Promise<PaymentFacts>;
  readonly capture: (attempt: SettledAttempt, reference: string) => Promise<PaymentFacts>;
  readonly cancel: (attempt: SettledAttempt, reference: string) => Promise<PaymentFacts>;
  /** Turns every hold of the order into a sale. @returns the SKUs whose units are gone for good. */
  readonly commitStock: (order: Order) => Promise<readonly string[]>;
  /** False when somebody else moved the order or the attempt first: nothing was changed then. */
  readonly change: (order: Order, change: SettlementChange) => Promise<boolean>;
  /** Gives back money that nobody owed; stored first, an amount once. False when somebody moved the order first. */
  readonly refundSurplus: (order: Order, attempt: SettledAttempt, money: MovedMoney) => Promise<boolean>;
  /** Books what was given back at the provider's own dashboard. False when somebody moved the order first. */
  readonly recordProviderRefund: (
    order: Order,
    attempt: SettledAttempt,
    money: MovedMoney,
  ) => Promise<boolean>;
};

/** Steps that one settlement takes at most; a payment needs three. */
const stepsMax = 8;

/**
 * Brings an order to where the provider says its payment is: authorised → stock committed → captured → paid. Webhooks,
 * queue deliveries, the buyer's confirmation and the sweep all come here, in any order and any number; every step is safe
 * to repeat after a crash. When the outcome of a step is unknown, the order says so.
 * @param attemptId the attempt that there is news of; a superseded one is voided or given back. The newest, if left out.
 * @returns the order as it stands then, undefined when there is none, or "unsettled" after too many lost races.
 */
export async function settle<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  orderId: string,
  attemptId?: string,
): Promise<Order | undefined | "unsettled"> {
  let facts: PaymentFacts | undefined;
  for (let step = 0; step < stepsMax; step++) {
    const order = await ports.load(orderId);
    const attempt =
      attemptId === undefined ? order?.attempt : order?.attempts.find((each) => each.id === attemptId);
    if (order === undefined || attempt === undefined) return order;
    if (attempt.providerReference === null) {
      if (!isOpen(attempt.status)) return order;
      await keepingSight(ports, attempt, () => adoptPayment(ports, order, attempt));
      continue;
    }
    // The newest attempt may be another one by now.
    if (facts?.reference !== attempt.providerReference) facts = undefined;
    facts ??= await ports.read(attempt, attempt.providerReference);
    const known = facts;
    const next = nextPaymentStep(situationOf(order, attempt), known);
    if (next.do === "rest") return order;
    const outcome = await keepingSight(ports, attempt, () =>
      perform(ports, next, { order, attempt, facts: known }),
    );
    if (outcome === "rest") return ports.load(orderId);
    facts = outcome;
  }
  return "unsettled";
}

function situationOf(order: SettledOrder, attempt: SettledAttempt): PaymentSituation {
  const refunds = order.refunds.filter((refund) => refund.attemptId === attempt.id);
  return {
    order,
    attempt: {
      ...attempt,
      superseded: attempt.id !== order.attempt?.id,
      accepted: attempt.acceptedAt !== null,
      refunded: refunds
        .filter((refund) => refund.status === "succeeded")
        .reduce((sum, refund) => sum + refund.amount, 0),
      refundPending: refunds.some((refund) => refund.status === "pending"),
      failedSurpluses: refunds
        .filter((refund) => refund.origin === "system" && refund.status === "failed")
        .map((refund) => refund.amount),
    },
  };
}

/** The process died between the provider's answer and storing it: the attempt gets its reference now. */
async function adoptPayment<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  order: Order,
  attempt: SettledAttempt,
): Promise<void> {
  const { reference } = await ports.authorise(order, attempt);
  await ports.change(order, { attempt: { id: attempt.id, status: "pending", reference } });
}

type Situation<Order> = { order: Order; attempt: SettledAttempt; facts: PaymentFacts };

/** The facts that hold after a step; undefined when they must be read anew, "rest" when nothing more can be done now. */
type Outcome = PaymentFacts | undefined | "rest";

async function perform<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  step: PaymentStep,
  { order, attempt, facts }: Situation<Order>,
): Promise<Outcome> {
  const change = async (changes: SettlementChange, known: PaymentFacts) =>
    (await ports.change(order, changes)) ? known : undefined;
  switch (step.do) {
    case "rest":
      return facts;
    case "park":
      return change(parking({ ...step, attemptId: attempt.id }), facts);
    case "complete_authorisation": {
      const completed = await ports.completeAuthorisation(attempt, facts.reference);
      return completed.state === "approved" ? "rest" : completed;
    }
    case "record_authorised":
      return change(
        {
          order: { transition: "authorise", event: "order.authorised", data: { attempt_id: attempt.id } },
          attempt: { id: attempt.id, status: "authorised" },
        },
        facts,
      );
    case "commit_and_capture":
      return commitAndCapture(ports, { order, attempt, facts });
    case "void": {
      const ended = await ports.cancel(attempt, facts.reference);
      if (attempt.provider !== "manual" || ended.state !== "cancelled") return ended;
      // It ends in our own books alone: what they said before guards it against a receipt meanwhile.
      return change({ attempt: { id: attempt.id, status: "cancelled" } }, ended);
    }
    case "record_voided":
      return change(
        {
          order: { transition: "cancel", event: "order.cancelled", data: { reason: "authorisation_ended" } },
          attempt: { id: attempt.id, status: "cancelled" },
        },
        facts,
      );
    case "record_sighted":
      return change(
        {
          order: {
            transition: "regain_sight",
            event: "order.payment_awaited",
            data: { attempt_id: attempt.id },
          },
          attempt: { id: attempt.id, status: step.status },
        },
        facts,
      );
    case "refund_surplus":
      return (await ports.refundSurplus(order, attempt, movedMoney(step, facts))) ? "rest" : undefined;
    case "record_provider_refund":
      return (await ports.recordProviderRefund(order, attempt, movedMoney(step, facts))) ? facts : undefined;
    case "record_attempt": {
      const told = {
        transition: undefined,
        event: "order.payment_failed" as const,
        data: { attempt_id: attempt.id, failure_code: step.failureCode },
      };
      return change(
        {
          ...(step.declined ? { order: told } : {}),
          attempt: {
            id: attempt.id,
            status: step.status,
            capturedAmount: facts.capturedAmount,
            failureCode: step.failureCode,
          },
        },
        facts,
      );
    }
  }
}

function movedMoney({ amount }: { amount: number }, facts: PaymentFacts): MovedMoney {
  return { amount, captured: facts.capturedAmount, currency: facts.currency };
}

/** Stock first, money second: nothing is captured that cannot be delivered. */
async function commitAndCapture<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  { order, attempt, facts }: Situation<Order>,
): Promise<Outcome> {
  const missing = await ports.commitStock(order);
  if (missing.length > 0)
    return giveUp(ports, { order, attempt, facts }, { reason: "out_of_stock", skus: missing });
  const captured = facts.state === "captured" ? facts : await ports.capture(attempt, facts.reference);
  // A manual payment stays authorised until staff have received the money.
  if (captured.state === "authorised" && captured.failureCode === undefined) return "rest";
  if (captured.state === "authorised")
    return giveUp(
      ports,
      { order, attempt, facts },
      { reason: "capture_refused", failure_code: captured.failureCode },
    );
  if (captured.state !== "captured") return captured;
  const paid = await ports.change(order, {
    order: { transition: "pay", event: "order.paid", data: { attempt_id: attempt.id }, numbered: true },
    attempt: { id: attempt.id, status: "captured", capturedAmount: captured.capturedAmount },
  });
  return paid ? captured : undefined;
}

/** The units are gone, or the money cannot be taken: the authorisation is given back and the order cancelled, or a person looks. */
async function giveUp<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  { order, attempt, facts }: Situation<Order>,
  data: { reason: string } & Record<string, unknown>,
): Promise<PaymentFacts | undefined> {
  if (facts.state === "captured") {
    const { reason } = data;
    const reviewed = await ports.change(order, {
      review: { attemptId: attempt.id, reason, contradictions: [] },
      order: { transition: "review", event: "order.payment_review", data },
      attempt: { id: attempt.id, status: "captured", capturedAmount: facts.capturedAmount },
    });
    return reviewed ? facts : undefined;
  }
  const cancelled = await ports.cancel(attempt, facts.reference);
  if (cancelled.state !== "cancelled") return cancelled;
  const ended = await ports.change(order, {
    order: { transition: "cancel", event: "order.cancelled", data },
    attempt: { id: attempt.id, status: "cancelled" },
  });
  return ended ? cancelled : undefined;
}
