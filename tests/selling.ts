import { randomUUID } from "node:crypto";
import { z } from "zod";
import { untilReplicated } from "./replica.ts";
import { createShopClient } from "./shop-client.ts";

const Product = z.object({
  id: z.string(),
  variants: z.array(z.object({ id: z.string(), sku: z.string() })).min(1),
});

export type StockedVariant = { productId: string; variantId: string; sku: string };

export type Seller = {
  /** A product with one variant, its units received by the inventory object already, on sale for everybody. Price in cents. */
  stockVariant: (units: number, price?: number) => Promise<StockedVariant>;
  /** The units of a SKU on sale, as everybody sees them: its object decided on them less than a second ago. */
  available: (sku: string) => Promise<number>;
};

/** Sells in the shop at this address, as its admin. */
export function createSeller(api: string): Seller {
  const { request, adminToken } = createShopClient(api);
  const signedIn = adminToken();
  const available = async (sku: string): Promise<number> => {
    const answer = await request(`/inventory/${sku}`);
    return answer.as(z.object({ available: z.int() })).available;
  };
  return {
    available,
    stockVariant: async (units, price = 1999) => {
      const token = await signedIn;
      const sku = `SKU-${randomUUID().slice(0, 13)}`;
      const json = { title: `Product ${sku}`, status: "active", variants: [{ sku, price }] };
      const created = await request("/admin/products", { method: "POST", token, json });
      const { id, variants } = created.as(Product);
      if (units > 0) {
        const received = await request(`/admin/inventory/${sku}/adjustments`, {
          method: "POST",
          token,
          headers: { "idempotency-key": randomUUID() },
          json: { kind: "receive", quantity: units, reason: "delivery" },
        });
        if (received.status !== 201)
          throw new Error(`stock was not received: ${JSON.stringify(received.body)}`);
      }
      await untilReplicated();
      return { productId: id, variantId: variants[0]?.id ?? "", sku };
    },
  };
}
