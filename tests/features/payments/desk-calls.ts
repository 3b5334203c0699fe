import { randomUUID } from "node:crypto";
import { inDatabase } from "../../in-database.ts";
import { adminToken } from "../../stack.ts";
import { open } from "./claim-cases.ts";
import { eventually } from "./paypal-buyer.ts";
import { tell } from "./steering.ts";

/** What staff decide of payments, made once; see the other repeatable calls. */
export const paymentDeskCalls = {
  "POST /admin/orders/{id}/payment-review": async () => {
    const { order, payment: object } = await open.stripe();
    const claims = { metadata: { order_id: "ord_another" } };
    await tell("stripe", { event_type: "payment_intent.processing", object, claims });
    await eventually(order, "payment_review");
    const json = { decision: "reject", note: "not ours" };
    return {
      path: `/admin/orders/${order.id}/payment-review`,
      token: await adminToken(),
      json,
      other: { ...json, decision: "accept" },
    };
  },
  "POST /admin/refunds/{id}/retry": async () => {
    const { order, attemptId, pay } = await open.stripe();
    await pay();
    await eventually(order, "paid");
    const id = `rfd_${randomUUID().replaceAll("-", "").slice(0, 26)}`;
    // As if the provider had refused to give back what nobody owed.
    await inDatabase(
      `insert into refunds (id, order_id, attempt_id, status, amount, currency, origin,
        request_scope, request_key, request_fingerprint)
        values ($1, $2, $3, 'failed', 100, 'USD', 'system', 'system surplus', $1, '')`,
      [id, order.id, attemptId],
    );
    return { path: `/admin/refunds/${id}/retry`, token: await adminToken() };
  },
};
