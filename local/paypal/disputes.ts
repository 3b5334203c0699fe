import { z } from "zod";
import { recordEvent } from "./events.ts";
import { invalidBody, unknownResource } from "./failure.ts";
import { newDisputeId } from "./ids.ts";
import type { StoredCapture, StoredDispute } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation, timestamp } from "./simulation.ts";

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

const PAGE_SIZE_DEFAULT = 10;
const PAGE_SIZE_MAX = 50;

const ListDisputes = z.looseObject({
  start_time: z.iso.datetime({ offset: true }).optional(),
  disputed_transaction_id: z.string().optional(),
  update_time_after: z.iso.datetime({ offset: true }).optional(),
  update_time_before: z.iso.datetime({ offset: true }).optional(),
  page_size: z.coerce.number().int().min(1).max(PAGE_SIZE_MAX).default(PAGE_SIZE_DEFAULT),
  next_page_token: z.base64().optional(),
});

/** Summaries, the newest first: they name no transaction, which only a dispute's details do. */
export function listDisputes(simulation: Simulation, { query, origin }: Call): Reply {
  const parsed = ListDisputes.safeParse(Object.fromEntries(query));
  if (!parsed.success) {
    const field = `/${String(parsed.error.issues[0]?.path[0])}`;
    throw invalidBody("INVALID_PARAMETER_SYNTAX", { field, location: "query" });
  }
  const { page_size: size, next_page_token: token, ...wanted } = parsed.data;
  const all = simulation.store.all("dispute", []).filter((dispute) => isWanted(dispute, wanted));
  const start = token === undefined ? 0 : all.findIndex(({ id }) => btoa(id) === token) + 1;
  const shown = all.slice(start, start + size);
  const next = new URLSearchParams(query);
  next.set("next_page_token", btoa(shown.at(-1)?.id ?? ""));
  const path = `${origin}/v1/customer/disputes`;
  return answer(200, {
    ...(shown.length === 0 ? {} : { items: shown.map((dispute) => summarise(dispute, path)) }),
    links: [
      { href: `${path}?${query}`, rel: "self", method: "GET" },
      ...(all.length > start + size ? [{ href: `${path}?${next}`, rel: "next", method: "GET" }] : []),
    ],
  });
}

function isWanted(
  { capture, created, update_time }: StoredDispute,
  wanted: Partial<z.infer<typeof ListDisputes>>,
): boolean {
  const updated = Date.parse(update_time);
  return (
    (wanted.disputed_transaction_id ?? capture.id) === capture.id &&
    created * 1000 >= Date.parse(wanted.start_time ?? "1970-01-01T00:00:00Z") &&
    updated >= Date.parse(wanted.update_time_after ?? "1970-01-01T00:00:00Z") &&
    updated <= Date.parse(wanted.update_time_before ?? "9999-12-31T00:00:00Z")
  );
}

function summarise({ id, capture, status, create_time, update_time }: StoredDispute, path: string): object {
  return {
    dispute_id: id,
    create_time,
    update_time,
    reason: "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
    status,
    dispute_state: DISPUTE_STATES[status],
    dispute_amount: capture.amount,
    dispute_life_cycle_stage: "INQUIRY",
    links: [{ href: `${path}/${id}`, rel: "self", method: "GET" }],
  };
}

const DISPUTE_STATES = {
  WAITING_FOR_SELLER_RESPONSE: "REQUIRED_ACTION",
  UNDER_REVIEW: "UNDER_PAYPAL_REVIEW",
  RESOLVED: "RESOLVED",
} as const;

export function retrieveDispute(simulation: Simulation, _call: Call, id: string): Reply {
  const dispute = simulation.store.find("dispute", id);
  if (dispute === undefined) throw unknownResource();
  return answer(200, describeDispute(dispute, timestamp(simulation, RESPONSE_DUE_SECONDS)));
}
