import { expect, test, vi } from "vitest";
import { z } from "zod";
import { Attempt, createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

const Disputes = z.object({
  data: z.array(
    z.object({ order_id: z.string(), status: z.string(), amount: z.object({ amount: z.int() }) }),
  ),
});

test("a disputed payment is recorded once, in the order's history and in the list for staff", async () => {
  const variant = await seller.stockVariant(1, 2200);
  const order = await buyer.order({ [variant.variantId]: 1 });
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  await buyer.payWith(attempt, "pm_card_createDispute");
  await vi.waitFor(
    async () => {
      const types = (await buyer.readHistory(order)).map(({ type }) => type);
      expect(types.filter((type) => type === "order.disputed")).toHaveLength(1);
    },
    { timeout: 25_000, interval: 500 },
  );
  const token = await adminToken();
  const { data } = (await request("/admin/disputes", { token })).as(Disputes);
  expect(data.filter((dispute) => dispute.order_id === order.id)).toEqual([
    { order_id: order.id, status: "open", amount: { amount: 2200 } },
  ]);
  expect((await request("/admin/disputes")).status).toBe(401);
});
