import { Currency, type MoneyWire, money, moneyToWire } from "#core/money";
import { toTimestamp, epochMs } from "#core/time";
import type { Order } from "./load-order.ts";
import type { OrderWire } from "./schema.ts";
import type { FulfilmentRow } from "./store.ts";

const timestampOf = (date: Date) => toTimestamp(epochMs(date.getTime()));
const timestampOrNull = (date: Date | null) => (date === null ? null : timestampOf(date));

/** An order as clients see it. */
export function presentOrder(order: Order): OrderWire {
  const currency = Currency.parse(order.currency);
  const wire = (minor: number): MoneyWire => moneyToWire(money(minor, currency));
  return {
    id: order.id,
    number: order.number,
    status: order.status,
    email: order.email,
    currency,
    lines: order.lines.map((line) => ({
      id: line.id,
      product_id: line.productId,
      variant_id: line.variantId,
      sku: line.sku,
      title: line.title,
      quantity: line.quantity,
      unit_price: wire(line.unitPrice),
      total: wire(line.total),
    })),
    discounts: order.discount === 0 ? [] : [{ title: "Discount", amount: wire(order.discount) }],
    subtotal: wire(order.subtotal),
    shipping: wire(order.shipping),
    tax: wire(order.tax),
    total: wire(order.total),
    refunded: wire(order.refunded),
    payment: order.attempt
      ? {
          provider: order.attempt.provider,
          status: order.attempt.status,
          failure_code: order.attempt.failureCode,
        }
      : null,
    fulfilments: order.fulfilments.map(presentFulfilment),
    shipping_method: order.shippingMethod,
    shipping_address: order.shippingAddress,
    billing_address: order.billingAddress,
    notes: order.notes,
    hold_expires_at: timestampOf(order.holdExpiresAt),
    created_at: timestampOf(order.createdAt),
    updated_at: timestampOf(order.updatedAt),
    version: order.version,
    archived: order.archived,
  };
}

function presentFulfilment(fulfilment: FulfilmentRow): OrderWire["fulfilments"][number] {
  return {
    id: fulfilment.id,
    status: fulfilment.status,
    carrier: fulfilment.carrier,
    tracking_number: fulfilment.trackingNumber,
    tracking_url: fulfilment.trackingUrl,
    lines: fulfilment.lines.map((line) => ({ ...line })),
    shipped_at: timestampOrNull(fulfilment.shippedAt),
    delivered_at: timestampOrNull(fulfilment.deliveredAt),
  };
}
