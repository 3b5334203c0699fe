import { AppError } from "#core/errors";
import { actorOf } from "#core/principal";
import { readStockClaims } from "#features/orders/read-stock-claims";
import type { Context } from "#platform/context";
import { type Drift, driftOf, settledAfterMsDefault } from "./drift.ts";
import { readLedgerFacts } from "./ledger-facts.ts";
import type { Reconcile, ReconciliationWire } from "./schema.ts";
import { skuExists } from "./store.ts";

/** Claims read from the object, and put right in one repair. */
const claimsMax = 2_000;
const repairsMax = 500;

export type Comparison = {
  readonly drift: readonly Drift[];
  /** False when older claims were not compared. */
  readonly complete: boolean;
  /** The last number in use on either side. */
  readonly ledgerSeq: number;
};

/** Compares a SKU's object with its ledger in Postgres and with the orders. Changes nothing. */
export async function compareStock(
  context: Context,
  sku: string,
  settledAfterMs: number = settledAfterMsDefault,
): Promise<Comparison> {
  // The object first: what it learns while the others are read is younger than what is compared.
  const object = await context.objects.inventory(sku).inspect(claimsMax);
  const [ledger, orders] = await Promise.all([readLedgerFacts(context, sku), readStockClaims(context, sku)]);
  return {
    drift: driftOf({ object, ledger, orders, settledAfterMs }),
    complete: object.complete && orders.complete,
    ledgerSeq: Math.max(ledger?.lastSeq ?? 0, ledger?.level.version ?? 0),
  };
}

/**
 * Reports in what object, ledger and orders disagree about a SKU. Only when asked to repair, and only where there is
 * drift, a new epoch of the journal begins, with the claims put right behind its opening entry.
 * @throws AppError not_found.
 */
export async function reconcileStock(
  context: Context,
  sku: string,
  request: Reconcile,
): Promise<ReconciliationWire> {
  if (!(await skuExists(context, sku)))
    throw new AppError("not_found", { detail: "No variant has this SKU." });
  const { drift, complete, ledgerSeq } = await compareStock(context, sku, request.settled_for_seconds * 1000);
  if (!request.repair || drift.length === 0)
    return { sku, drift: drift.map(unrepaired), complete, epoch: null };
  const claims = drift.flatMap((each) => each.repair ?? []).slice(0, repairsMax);
  const reply = await context.objects.inventory(sku).repair({
    type: "repair",
    ledgerSeq,
    claims: claims.map((claim) => ({ ...claim })),
    reason: `reconciled by ${actorOf(context.principal)}`,
  });
  if (!reply.ok)
    throw new AppError("invalid_request", { detail: "The drift is larger than one repair may put right." });
  const attempted = new Set(claims.map(({ id }) => id));
  for (const id of reply.unrepaired) attempted.delete(id);
  const present = (each: Drift) => ({
    ...unrepaired(each),
    repaired: each.repair === undefined || attempted.has(each.repair.id),
  });
  return { sku, drift: drift.map(present), complete, epoch: reply.stock.epoch };
}

function unrepaired({ kind, detail, repair }: Drift): ReconciliationWire["drift"][number] {
  return { kind, detail, reservation_id: repair?.id ?? null, repaired: false };
}
