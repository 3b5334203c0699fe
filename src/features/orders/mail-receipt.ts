import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { loadOrder } from "./load-order.ts";

/** Tells the buyer that the order is paid. The event's id is the mail's key, so that it is sent once. */
export async function mailReceipt(context: Context, event: RecordedEvent<"order.paid">): Promise<void> {
  const order = await loadOrder(context, event.data.order_id);
  if (order === undefined) return;
  const { SHOP_NAME: shop } = context.settings;
  const format = new Intl.NumberFormat("en", { style: "currency", currency: order.currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const amount = (minor: number) => format.format(minor / 10 ** digits);
  const lines = order.lines.map((line) => `${line.quantity} × ${line.title}  ${amount(line.total)}`);
  await context.sendMail({
    to: order.email,
    subject: `${shop}: order ${order.number} is paid`,
    text: [
      `Thank you for your order ${order.number}.`,
      "",
      ...lines,
      "",
      `Total ${amount(order.total)}`,
      "",
      "We write again when it is on its way.",
    ].join("\n"),
    idempotencyKey: event.id,
  });
}
