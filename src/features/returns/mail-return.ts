import type { RecordedEvent } from "#events/catalogue";
import { loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { type ReturnRow, findReturn } from "./store.ts";

/** Tells the buyer what became of a return. The event's id is the mail's key, so that it is sent once. */
export async function mailReturn(
  context: Context,
  event: RecordedEvent<"return.decided" | "return.received">,
): Promise<void> {
  const { return_id: returnId, order_id: orderId } = event.data;
  const [order, found] = await Promise.all([loadOrder(context, orderId), findReturn(context, returnId)]);
  if (order === undefined || found === undefined) return;
  const { subject, text } = event.type === "return.received" ? received : decided(found);
  const titles = new Map(order.lines.map((line) => [line.id, line.title]));
  const goods = found.lines.map((line) => `${line.quantity} × ${titles.get(line.order_line_id)}`);
  await context.sendMail({
    to: order.email,
    subject: `${context.settings.SHOP_NAME}: order ${order.number}, ${subject}`,
    text: [text, "", ...goods, ...(found.decisionNote === null ? [] : ["", found.decisionNote])].join("\n"),
    idempotencyKey: event.id,
  });
}

const received = {
  subject: "your return has arrived",
  text: "Your return has arrived. We look at it and write again when money is on its way back to you.",
};

/** By the time the mail is written the return may be further on; a decision that is not declined was an approval. */
function decided({ status }: ReturnRow): { subject: string; text: string } {
  return status === "declined"
    ? { subject: "your return is declined", text: "We cannot take this return:" }
    : { subject: "your return is approved", text: "You may send these goods back:" };
}
