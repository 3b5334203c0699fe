import type { PaymentFacts } from "#core/payment-facts";
import { parking } from "./parking.ts";
import { type PaymentSituation, type PaymentStep, isOpen, nextPaymentStep } from "./rules.ts";
import type {
  MovedMoney,
  Settled,
  SettledAttempt,
  SettledOrder,
  SettlementChange,
  SettlementPorts,
} from "./settlement-ports.ts";
import { keepingSight } from "./sight.ts";

/** Steps that one settlement takes at most; a payment needs three. */
const stepsMax = 8;

/**
 * Brings an order to where the provider says its payment is: authorised → stock committed → captured → paid. Webhooks,
 * queue deliveries, the buyer's confirmation and the sweep all come here, in any order and any number; every step is safe
 * to repeat after a crash. When the outcome of a step is unknown, the order says so. The order is read once and after
 * that taken as our own changes leave it: each is guarded by the versions that were seen, and whoever loses a race reads
 * anew.
 * @returns the order as it stands then, undefined when there is none, or "unsettled" after too many lost races.
 */
export async function settle<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  { orderId, attemptId, order: seen }: Settled<Order>,
): Promise<Order | undefined | "unsettled"> {
  let current = seen;
  let facts: PaymentFacts | undefined;
  for (let step = 0; step < stepsMax; step++) {
    const order = current ?? (await ports.load(orderId));
    const attempt =
      attemptId === undefined ? order?.attempt : order?.attempts.find((each) => each.id === attemptId);
    if (order === undefined || attempt === undefined) return order;
    if (attempt.providerReference === null) {
      if (!isOpen(attempt.status)) return order;
      current = await keepingSight(ports, attempt, () => adoptPayment(ports, order, attempt));
      continue;
    }
    // The newest attempt may be another one by now.
    if (facts?.reference !== attempt.providerReference) facts = undefined;
    facts ??= await ports.read(order, { attemptId: attempt.id, reference: attempt.providerReference });
    const known = facts;
    const next = nextPaymentStep(situationOf(order, attempt), known);
    if (next.do === "rest") return order;
    const outcome = await keepingSight(ports, attempt, () =>
      perform(ports, next, { order, attempt, facts: known }),
    );
    if (outcome === "rest") return ports.load(orderId);
    ({ order: current, facts } = outcome);
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
): Promise<Order | undefined> {
  const { reference } = await ports.authorise(order, attempt);
  return ports.change(order, { attempt: { id: attempt.id, status: "pending", reference } });
}

type Situation<Order> = { order: Order; attempt: SettledAttempt; facts: PaymentFacts };

/** What holds after a step, where undefined must be read anew; "rest" when nothing more can be done now. */
type Outcome<Order> =
  | { readonly order: Order | undefined; readonly facts: PaymentFacts | undefined }
  | "rest";

/** The provider has told something, and the order may have moved while we waited. */
function told(facts: PaymentFacts): Outcome<never> {
  return { order: undefined, facts };
}

const lostRace: Outcome<never> = { order: undefined, facts: undefined };

async function perform<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  step: PaymentStep,
  { order, attempt, facts }: Situation<Order>,
): Promise<Outcome<Order>> {
  const change = (changes: SettlementChange, known: PaymentFacts) =>
    changed(ports, order, { changes, known });
  switch (step.do) {
    case "rest":
      return "rest";
    case "park":
      return change(parking({ ...step, attemptId: attempt.id }), facts);
    case "complete_authorisation": {
      const completed = await ports.completeAuthorisation(attempt, facts.reference);
      return completed.state === "approved" ? "rest" : told(completed);
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
      if (attempt.provider !== "manual" || ended.state !== "cancelled") return told(ended);
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
      return (await ports.refundSurplus(order, attempt, movedMoney(step, facts))) ? "rest" : lostRace;
    case "record_provider_refund":
      return (await ports.recordProviderRefund(order, attempt, movedMoney(step, facts)))
        ? told(facts)
        : lostRace;
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

async function changed<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  order: Order,
  { changes, known }: { changes: SettlementChange; known: PaymentFacts },
): Promise<Outcome<Order>> {
  const moved = await ports.change(order, changes);
  return moved === undefined ? lostRace : { order: moved, facts: known };
}

function movedMoney({ amount }: { amount: number }, facts: PaymentFacts): MovedMoney {
  return { amount, captured: facts.capturedAmount, currency: facts.currency };
}

/** Stock first, money second: nothing is captured that cannot be delivered. */
async function commitAndCapture<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  { order, attempt, facts }: Situation<Order>,
): Promise<Outcome<Order>> {
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
  if (captured.state !== "captured") return told(captured);
  const changes: SettlementChange = {
    order: { transition: "pay", event: "order.paid", data: { attempt_id: attempt.id }, numbered: true },
    attempt: { id: attempt.id, status: "captured", capturedAmount: captured.capturedAmount },
  };
  return changed(ports, order, { changes, known: captured });
}

/** The units are gone, or the money cannot be taken: the authorisation is given back and the order cancelled, or a person looks. */
async function giveUp<Order extends SettledOrder>(
  ports: SettlementPorts<Order>,
  { order, attempt, facts }: Situation<Order>,
  data: { reason: string } & Record<string, unknown>,
): Promise<Outcome<Order>> {
  if (facts.state === "captured") {
    const { reason } = data;
    const changes: SettlementChange = {
      review: { attemptId: attempt.id, reason, contradictions: [] },
      order: { transition: "review", event: "order.payment_review", data },
      attempt: { id: attempt.id, status: "captured", capturedAmount: facts.capturedAmount },
    };
    return changed(ports, order, { changes, known: facts });
  }
  const cancelled = await ports.cancel(attempt, facts.reference);
  if (cancelled.state !== "cancelled") return told(cancelled);
  const changes: SettlementChange = {
    order: { transition: "cancel", event: "order.cancelled", data },
    attempt: { id: attempt.id, status: "cancelled" },
  };
  return changed(ports, order, { changes, known: cancelled });
}
