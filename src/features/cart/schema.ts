import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { MoneyWire } from "#core/money";

/** Equal to the cart object's own limits. */
export const quantityMax = 999;

export const AddToCart = z.strictObject({
  variant_id: idSchema("variant"),
  quantity: z.int().min(1).max(quantityMax),
});
export type AddToCart = z.infer<typeof AddToCart>;

export const ChangeLine = z.strictObject({ quantity: z.int().min(0).max(quantityMax) });

export const CartLineWire = z
  .object({
    id: z.string(),
    variant_id: z.string(),
    sku: z.string(),
    title: z.string(),
    quantity: z.int(),
    unit_price: MoneyWire,
    total: MoneyWire,
    available: z.int().nullable().openapi({ description: "Advisory; null when it is not known." }),
  })
  .openapi("CartLine");

export const CartWire = z
  .object({
    id: z.string(),
    token: z
      .string()
      .optional()
      .openapi({ description: "A guest's key to this cart: send it as Cart-Token." }),
    currency: z.string(),
    lines: z.array(CartLineWire),
    unavailable_lines: z
      .array(z.object({ id: z.string(), variant_id: z.string(), quantity: z.int() }))
      .openapi({ description: "Lines whose variant is no longer sold; remove them before ordering." }),
    discounts: z.array(z.object({ title: z.string(), amount: MoneyWire })),
    subtotal: MoneyWire,
    shipping: MoneyWire,
    tax: MoneyWire,
    total: MoneyWire,
    quote_hash: z
      .string()
      .openapi({ description: "Send it with POST /orders: what was shown is what is bought." }),
    expires_at: z.string(),
  })
  .openapi("Cart");
export type CartWire = z.infer<typeof CartWire>;
