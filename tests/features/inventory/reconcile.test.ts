import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, registerCustomer, request, stack } from "../../stack.ts";
import { inDatabase } from "../../in-database.ts";
import { recordedEvents } from "./recorded-events.ts";

const patience = { timeout: 25_000, interval: 100 };
const { stockVariant } = createSeller(stack().api);
const buyer = createBuyer({ api: stack().api, stripe: stack().services.stripe });

const Reconciliation = z.object({
  drift: z.array(
    z.object({
      kind: z.string(),
      detail: z.string(),
      reservation_id: z.string().nullable(),
      repaired: z.boolean(),
    }),
  ),
  complete: z.boolean(),
  epoch: z.int().nullable(),
});

async function reconcile(sku: string, json: Record<string, unknown> = {}) {
  const answer = await request(`/admin/inventory/${sku}/reconcile`, {
    method: "POST",
    token: await adminToken(),
    json: { settled_for_seconds: 0, ...json },
  });
  return answer.as(Reconciliation);
}

const kinds = async (sku: string) => (await reconcile(sku)).drift.map(({ kind }) => kind).toSorted();

/** Waits until all that the object journaled is copied: then there is no drift but what was made on purpose. */
async function settled(sku: string, version: number): Promise<void> {
  await vi.waitFor(async () => {
    const [level] = await inDatabase("select version from stock_levels where sku = $1", [sku]);
    expect(level).toEqual({ version: String(version) });
  }, patience);
}

test("a shop at work has no drift: orders that wait, that are paid and that were cancelled", async () => {
  const { variantId, sku } = await stockVariant(10);
  const orders = [await buyer.order({ [variantId]: 1 }), await buyer.order({ [variantId]: 2 })];
  const [, cancelled] = orders;
  if (cancelled) await buyer.cancel(cancelled);
  const paid = await buyer.order({ [variantId]: 3 });
  await buyer.authorise(paid);
  await vi.waitFor(async () => expect((await buyer.readOrder(paid)).status).toBe("paid"), patience);
  await vi.waitFor(async () => {
    expect(await reconcile(sku)).toMatchObject({ drift: [], complete: true, epoch: null });
  }, patience);
});

test("drift is reported and left alone, until a repair puts it right under a new epoch", async () => {
  const { variantId, sku } = await stockVariant(10);
  const lost = await buyer.order({ [variantId]: 2 });
  const kept = await buyer.order({ [variantId]: 1 });
  await settled(sku, 3);
  // The order of two units never came to be, the other is said to be paid, and the ledger lost an entry.
  await inDatabase("update orders set status = 'expired' where id = $1", [lost.id]);
  await inDatabase("update orders set status = 'paid' where id = $1", [kept.id]);
  await inDatabase("delete from stock_ledger where sku = $1 and seq = 2", [sku]);

  const expected = ["ledger_differs", "ledger_gap", "order_without_claim", "stranded_hold"];
  expect(await kinds(sku)).toEqual(expected);
  expect(await kinds(sku)).toEqual(expected);
  const repaired = await reconcile(sku, { repair: true });
  expect(repaired.epoch).toBe(2);
  expect(repaired.drift.every((each) => each.repaired)).toBe(true);
  await settled(sku, 6);
  expect(await reconcile(sku, { repair: true })).toMatchObject({ drift: [], epoch: null });
  const reason: unknown = expect.stringMatching(/^reconciled by usr_/);
  const ledger = await request(`/admin/inventory/${sku}/movements`, { token: await adminToken() });
  expect(ledger.body).toMatchObject({
    data: [
      { seq: 6, epoch: 2, kind: "commit", quantity: 1, held: 0, sold: 1 },
      { seq: 5, epoch: 2, kind: "release", quantity: 2, held: 1, sold: 0 },
      { seq: 4, epoch: 2, kind: "epoch", on_hand: 10, held: 3, sold: 0, reason },
      { seq: 3, epoch: 1 },
      { seq: 1, epoch: 1 },
    ],
  });
});

test("a paid order whose units were never held gets them by a repair, as long as there are any", async () => {
  const { variantId, sku } = await stockVariant(3);
  const order = await buyer.order({ [variantId]: 2 });
  await buyer.cancel(order);
  await settled(sku, 3);
  await inDatabase("update orders set status = 'paid' where id = $1", [order.id]);
  expect(await kinds(sku)).toEqual(["order_without_claim"]);
  expect(await reconcile(sku, { repair: true })).toMatchObject({ drift: [{ repaired: true }] });

  await inDatabase("update order_lines set quantity = 9, total = unit_price * 9 where order_id = $1", [
    order.id,
  ]);
  expect(await reconcile(sku, { repair: true })).toMatchObject({ drift: [{ repaired: false }] });
});

test("the sweep compares the SKUs that are due, tells of drift, and repairs nothing", async () => {
  const { sku } = await stockVariant(4);
  await settled(sku, 1);
  // The sweep of every minute may have compared the SKU already, while its books were right.
  const compareAgain = "update stock_levels set on_hand = 5, reconciled_at = '-infinity' where sku = $1";
  await inDatabase(compareAgain, [sku]);
  const sweep = async () => {
    const token = await adminToken();
    const answer = await request("/admin/inventory/reconcile", { method: "POST", token });
    return answer.as(z.object({ compared: z.int(), drifted: z.array(z.string()) }));
  };
  const told = () => recordedEvents(sku, "inventory.drift_found");
  // Other tests stock SKUs of their own, which are due as well.
  await vi.waitFor(async () => {
    await sweep();
    expect(await told()).toHaveLength(1);
  }, patience);
  const data = { sku, count: 1, kinds: ["level_differs"] };
  expect(await told()).toEqual([{ type: "inventory.drift_found", data }]);
  expect((await sweep()).drifted).not.toContain(sku);
  expect(await kinds(sku)).toEqual(["level_differs"]);
});

test("reconciliation is for staff, of SKUs that there are, with fields that there are", async () => {
  const { token } = await registerCustomer();
  const path = `/admin/inventory/${randomUUID()}/reconcile`;
  expect((await request(path, { method: "POST", token, json: {} })).status).toBe(403);
  const admin = await adminToken();
  expect((await request(path, { method: "POST", token: admin, json: {} })).status).toBe(404);
  const misspelt = { repare: true };
  expect((await request(path, { method: "POST", token: admin, json: misspelt })).status).toBe(400);
});
