import { recordEvent } from "./events.ts";
import { newDisputeId } from "./ids.ts";
import type { StoredCapture, StoredDispute } from "./resources.ts";
import { type Simulation, timestamp } from "./simulation.ts";

const RESPONSE_DUE_SECONDS = 10 * 24 * 60 * 60;

/** The buyer says that nothing has arrived. */
export function openDispute(simulation: Simulation, capture: StoredCapture): void {
  const now = timestamp(simulation);
  const dispute: StoredDispute = {
    kind: "dispute",
    id: newDisputeId(),
    created: simulation.clock.nowSeconds(),
    capture,
    create_time: now,
    update_time: now,
  };
  simulation.store.save(dispute);
  recordEvent(simulation, "CUSTOMER.DISPUTE.CREATED", {
    resource: describeDispute(dispute, timestamp(simulation, RESPONSE_DUE_SECONDS)),
    transactionId: dispute.id,
    origin: capture.origin,
  });
}

function describeDispute({ id, capture, create_time, update_time }: StoredDispute, dueTime: string): object {
  const { amount, invoiceId, customId, origin } = capture;
  return {
    dispute_id: id,
    create_time,
    update_time,
    disputed_transactions: [
      {
        seller_transaction_id: capture.id,
        gross_amount: amount,
        ...(invoiceId === null ? {} : { invoice_number: invoiceId }),
        ...(customId === null ? {} : { custom: customId }),
      },
    ],
    reason: "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
    status: "WAITING_FOR_SELLER_RESPONSE",
    dispute_amount: amount,
    dispute_life_cycle_stage: "INQUIRY",
    seller_response_due_date: dueTime,
    links: [{ href: `${origin}/v1/customer/disputes/${id}`, rel: "self", method: "GET" }],
  };
}
