import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import { toTimestamp } from "#core/time";
import type { AdjustReply, Movement } from "#durable-objects/inventory/ledger";
import type { Context } from "#platform/context";
import type { IdempotentRequest, Outcome } from "#platform/idempotency";
import type { AdjustStock, MovementWire } from "./schema.ts";
import { findSku } from "./store.ts";

type Adjustment = { sku: string; input: AdjustStock; request: IdempotentRequest };

/**
 * Receives, loses or recounts units of a SKU. The object remembers the command by the client's key, so that its
 * repetition gets the first answer.
 * @throws AppError not_found, insufficient_stock, version_mismatch, idempotency_key_reused.
 */
export async function adjustStock(
  context: Context,
  { sku, input, request }: Adjustment,
): Promise<Outcome<MovementWire>> {
  const { firstCount } = await findSku(context, sku);
  const adjustment = {
    type: input.kind,
    id: `${request.scope} ${request.key}`,
    movementId: newId("movement", context.now()),
    quantity: input.quantity,
    expectedVersion: input.kind === "recount" ? input.expected_version : undefined,
    reason: input.reason,
  };
  const reply = await context.objects.inventory(sku).adjust(adjustment, firstCount);
  if (!reply.ok) throw refusalOf(reply);
  return { status: 201, body: presentMovement(sku, reply.movement), replayed: reply.replayed };
}

function refusalOf({ reason, stock }: Extract<AdjustReply, { ok: false }>): AppError {
  const available = stock.onHand - stock.held - stock.sold;
  switch (reason) {
    case "conflict":
      return new AppError("idempotency_key_reused", {
        detail: "This Idempotency-Key came earlier with another adjustment.",
      });
    case "insufficient_stock":
      return new AppError("insufficient_stock", {
        detail: `Only ${available} units are neither held nor sold; the adjustment would take more.`,
      });
    case "limit_exceeded":
      return new AppError("invalid_request", {
        detail:
          "The adjustment is larger than one may be, or the SKU would hold more units than it may: lower the quantity, or split a delivery into several adjustments.",
      });
    case "version_mismatch":
      return new AppError("version_mismatch", {
        detail: `The SKU is at version ${stock.seq} now: units have moved since the count began. Count again.`,
        members: { version: stock.seq },
      });
  }
}

function presentMovement(sku: string, { stock, at, ...movement }: Movement): MovementWire {
  return {
    ...movement,
    sku,
    on_hand: stock.onHand,
    held: stock.held,
    sold: stock.sold,
    available: stock.onHand - stock.held - stock.sold,
    version: stock.seq,
    at: toTimestamp(at),
  };
}
