import { z } from "zod";
import { recordEvent } from "./events.ts";
import { unknownResource } from "./failure.ts";
import { newDisputeId } from "./ids.ts";
import type { StoredCapture, StoredDispute } from "./resources.ts";
import { type Simulation, timestamp } from "./simulation.ts";

const RESPONSE_DUE_SECONDS = 10 * 24 * 60 * 60;

/** The buyer says that nothing has arrived. */
export function openDispute(simulation: Simulation, capture: StoredCapture): void {
  const now = timestamp(simulation);
  const dispute: StoredDispute = {
    kind: "dispute",
    status: "WAITING_FOR_SELLER_RESPONSE",
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

/** What a person at PayPal does with the dispute of a capture. */
export const DisputeMove = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("UNDER_REVIEW") }),
  z.strictObject({
    status: z.literal("RESOLVED"),
    outcome: z.enum(["RESOLVED_BUYER_FAVOUR", "RESOLVED_SELLER_FAVOUR"]),
  }),
]);
export type DisputeMove = z.infer<typeof DisputeMove>;

export function moveDispute(simulation: Simulation, captureId: string, move: DisputeMove): object {
  const found = simulation.store.all("dispute", []).find(({ capture }) => capture.id === captureId);
  if (found === undefined) throw unknownResource();
  const dispute: StoredDispute = { ...found, ...move, update_time: timestamp(simulation) };
  simulation.store.save(dispute);
  const resource = describeDispute(dispute, timestamp(simulation, RESPONSE_DUE_SECONDS));
  recordEvent(
    simulation,
    move.status === "RESOLVED" ? "CUSTOMER.DISPUTE.RESOLVED" : "CUSTOMER.DISPUTE.UPDATED",
    { resource, transactionId: dispute.id, origin: dispute.capture.origin },
  );
  return resource;
}

function describeDispute(dispute: StoredDispute, dueTime: string): object {
  const { id, capture, create_time, update_time, status } = dispute;
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
    status,
    ...(dispute.status === "RESOLVED" ? { dispute_outcome: { outcome_code: dispute.outcome } } : {}),
    dispute_amount: amount,
    dispute_life_cycle_stage: "INQUIRY",
    seller_response_due_date: dueTime,
    links: [{ href: `${origin}/v1/customer/disputes/${id}`, rel: "self", method: "GET" }],
  };
}
