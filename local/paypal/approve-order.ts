import { z } from "zod";
import { recordEvent } from "./events.ts";
import { unprocessable } from "./failure.ts";
import { newPayerId } from "./ids.ts";
import { describeOrder } from "./order-view.ts";
import { findOrder } from "./orders.ts";
import { DEFAULT_PAYER } from "./payers.ts";
import type { StoredOrder } from "./resources.ts";
import { type Simulation, timestamp } from "./simulation.ts";

export const Approval = z.strictObject({
  /** Who pays; the test payers' addresses decide what comes of it. */
  payer: z.email().default(DEFAULT_PAYER),
});

/** The buyer agrees to pay. An approval that comes again, perhaps of another payer, takes the place of the first. */
export function approveOrder(simulation: Simulation, id: string, email: string): StoredOrder {
  const order = findOrder(simulation, id);
  if (order.status === "COMPLETED") throw unprocessable("ORDER_ALREADY_COMPLETED");
  const approved: StoredOrder = {
    ...order,
    status: "APPROVED",
    payer: {
      name: { given_name: "Ada", surname: "Buyer" },
      email_address: email,
      payer_id: order.payer?.payer_id ?? newPayerId(),
      address: { country_code: "US" },
    },
    update_time: timestamp(simulation),
  };
  simulation.store.save(approved);
  recordEvent(simulation, "CHECKOUT.ORDER.APPROVED", {
    resource: describeOrder(simulation, approved),
    transactionId: order.id,
    origin: order.origin,
  });
  return approved;
}
