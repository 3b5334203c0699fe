import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { MoneyWire } from "#core/money";
import { EmailText, WebAddress, webAddress } from "#core/text";
import { orderStatuses } from "./rules.ts";

const line = (max: number) => z.string().trim().min(1).max(max);

export const Address = z
  .strictObject({
    name: line(200),
    line1: line(200),
    line2: z.string().trim().max(200).optional(),
    city: line(100),
    region: z.string().trim().max(100).optional(),
    postal_code: z.string().trim().max(20).optional(),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .openapi({ description: "ISO 3166-1 alpha-2.", example: "US" }),
    phone: z.string().trim().max(40).optional(),
  })
  .openapi("Address");
export type Address = z.infer<typeof Address>;

const savedAddress = idSchema("address").optional();

export const PlaceOrder = z
  .strictObject({
    quote_hash: z.string().regex(/^[0-9a-f]{64}$/),
    email: EmailText.openapi({ format: "email" }),
    shipping_address: Address.optional(),
    shipping_address_id: savedAddress.openapi({
      description:
        "Of the signed-in customer's address book, in place of `shipping_address`. The order keeps a copy.",
    }),
    billing_address: Address.optional(),
    billing_address_id: savedAddress.openapi({
      description: "In place of `billing_address`. Without either, the bill goes where the goods go.",
    }),
    shipping_method: z.enum(["standard"]).default("standard"),
    notes: z.string().max(1000).optional(),
  })
  .refine((order) => (order.shipping_address === undefined) !== (order.shipping_address_id === undefined), {
    path: ["shipping_address"],
    message: "Send shipping_address, or in its place shipping_address_id",
  })
  .refine((order) => order.billing_address === undefined || order.billing_address_id === undefined, {
    path: ["billing_address"],
    message: "Send billing_address, or in its place billing_address_id",
  })
  .openapi({
    oneOf: [{ required: ["shipping_address"] }, { required: ["shipping_address_id"] }],
    not: { required: ["billing_address", "billing_address_id"] },
  });
export type PlaceOrder = z.infer<typeof PlaceOrder>;

const FulfilmentWire = z
  .object({
    id: z.string(),
    status: z.enum(["open", "shipped", "delivered", "cancelled"]),
    carrier: z.string().nullable(),
    tracking_number: z.string().nullable(),
    tracking_url: z.string().nullable(),
    lines: z.array(z.object({ order_line_id: z.string(), quantity: z.int() })),
    shipped_at: z.string().nullable(),
    delivered_at: z.string().nullable(),
  })
  .openapi("Fulfilment");

export const OrderWire = z
  .object({
    id: z.string(),
    number: z.int().nullable().openapi({ description: "Given when the order is paid." }),
    status: z.enum(orderStatuses),
    email: z.string(),
    currency: z.string(),
    lines: z.array(
      z.object({
        id: z.string(),
        product_id: z.string(),
        variant_id: z.string(),
        sku: z.string(),
        title: z.string(),
        quantity: z.int(),
        unit_price: MoneyWire,
        total: MoneyWire,
      }),
    ),
    discounts: z.array(z.object({ title: z.string(), amount: MoneyWire })),
    subtotal: MoneyWire,
    shipping: MoneyWire,
    tax: MoneyWire,
    total: MoneyWire,
    refunded: MoneyWire,
    payment: z
      .object({
        provider: z.string(),
        status: z.string(),
        failure_code: z.string().nullable().openapi({ description: "Why the last try was declined." }),
      })
      .nullable(),
    fulfilments: z.array(FulfilmentWire),
    shipping_method: z.string(),
    shipping_address: Address,
    billing_address: Address,
    notes: z.string().nullable(),
    hold_expires_at: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
    version: z.int(),
    archived: z.boolean().openapi({
      description:
        "True for orders of a month that was archived: they can be read, and nothing more happens to them.",
    }),
    access_token: z.string().optional().openapi({
      description: "For guests, when the order is placed: send it as Order-Token to read the order.",
    }),
  })
  .openapi("Order");
export type OrderWire = z.infer<typeof OrderWire>;

/** What can stand in the way of whoever changes an order. */
export const orderChangeErrors = [
  "not_found",
  "shard_moving",
  "invalid_transition",
  "order_archived",
  "conflict",
] as const;

export const OrderEventWire = z
  .object({
    id: z.string(),
    sequence: z.int(),
    type: z.string(),
    data: z.record(z.string(), z.unknown()),
    at: z.string(),
  })
  .openapi("OrderEvent");
export type OrderEventWire = z.infer<typeof OrderEventWire>;

export const FulfilOrder = z.strictObject({
  lines: z
    .array(z.strictObject({ order_line_id: z.string().max(64), quantity: z.int().min(1).max(1_000_000) }))
    .min(1)
    .max(100)
    .optional()
    .openapi({ description: "What goes into the parcel; left out, everything that is not fulfilled yet." }),
});
export type FulfilOrder = z.infer<typeof FulfilOrder>;

export const ShipFulfilment = z.strictObject({
  carrier: z.string().trim().min(1).max(100),
  tracking_number: z.string().trim().min(1).max(100),
  tracking_url: WebAddress.max(500).openapi(webAddress).optional(),
});
export type ShipFulfilment = z.infer<typeof ShipFulfilment>;

export const OrdersQuery = z.strictObject({
  status: z.enum(orderStatuses).optional(),
  include_archived: z
    .enum(["true", "false"])
    .default("false")
    .openapi({ description: "Whether orders of archived months are among them." }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: z.string().max(500).optional(),
});
export type OrdersQuery = z.infer<typeof OrdersQuery>;

export const AllOrdersQuery = OrdersQuery.extend({
  customer_id: idSchema("user").optional(),
  guest_email: EmailText.optional().openapi({
    format: "email",
    description: "Orders that nobody with an account owns, under this address.",
  }),
});
export type AllOrdersQuery = z.infer<typeof AllOrdersQuery>;

export const OrdersPage = z.object({
  data: z.array(OrderWire),
  has_more: z.boolean(),
  next_cursor: z.string().nullable(),
});
export type OrdersPage = z.infer<typeof OrdersPage>;
