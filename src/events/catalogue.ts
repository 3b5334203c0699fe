import { z } from "zod";
import { type Id, idSchema } from "#core/ids";

const orderEvent = z.object({ order_id: z.string(), sequence: z.int(), status: z.string() });
const stockEvent = z.object({ sku: z.string(), available: z.int(), low_at: z.int(), version: z.int() });

/**
 * Every event that Tradewind records, with the shape of its data. An event is a wake-up that names what changed;
 * handlers act on the present truth, so late and repeated events do no harm.
 */
export const eventSchemas = {
  "product.changed": z.object({ product_id: z.string(), version: z.int() }),
  "product.deleted": z.object({ product_id: z.string(), handle: z.string(), version: z.int() }),
  /** Staff has added, changed or deleted words that mean the same: the index is to learn them. */
  "search.synonyms_changed": z.object({}),
  /** Goes the way to the index, so that it is known how long that takes. */
  "search.canary": z.object({ set_out: z.number() }),
  "category.made": z.object({ category_id: z.string() }),
  "category.changed": z.object({ category_id: z.string() }),
  /** Products of a changed category, those behind the one named, are to tell of it as it is now. */
  "category.refile": z.object({ category_id: z.string(), after: z.string() }),
  "stock.changed": z.object({ sku: z.string(), available: z.int(), version: z.int() }),
  /** The SKU's alert level fell or rose; single units that come and go near a threshold change no level. */
  "stock.low": stockEvent,
  "stock.out": stockEvent,
  /** Units of a SKU that was out, or never had any, can be sold. */
  "stock.back": stockEvent,
  /** A comparison of object, ledger and orders found that they disagree; a person decides about the repair. */
  "inventory.drift_found": z.object({ sku: z.string(), count: z.int(), kinds: z.array(z.string()) }),
  /** The ways to sign in to this account have changed; its owner is told. */
  "user.sign_in_changed": z.object({
    user_id: z.string(),
    change: z.enum([
      "mfa_enabled",
      "mfa_disabled",
      "recovery_codes_renewed",
      "factors_forgotten",
      "identity_linked",
      "identity_unlinked",
      "passkey_added",
      "passkey_removed",
    ]),
    provider: z.string().optional(),
  }),
  /** With the token that proves the address, unless it was proven by other means. */
  "user.registered": z.object({ user_id: z.string(), mail_token_id: z.string().optional() }),
  /** A one-time token waits to be mailed. Its text is in no event and no table: it is computed when it is sent. */
  "mail_token.issued": z.object({ mail_token_id: z.string() }),
  /** The user has shown that the account's present e-mail address is theirs. */
  "user.email_verified": z.object({ user_id: z.string() }),
  "user.email_changed": z.object({ user_id: z.string(), mail_token_id: z.string() }),
  "user.password_changed": z.object({ user_id: z.string() }),
  /** Some or all of the user's sessions ended before their time. */
  "user.sessions_ended": z.object({ user_id: z.string() }),
  /** The account and all that belonged to it are deleted. */
  "user.erased": z.object({ user_id: z.string() }),
  /** With the cart that it came from. */
  "order.placed": orderEvent.extend({ cart_id: idSchema("cart") }),
  "order.authorised": orderEvent,
  "order.paid": orderEvent,
  "order.payment_failed": orderEvent,
  /** A call of the payment provider got no answer: what became of it is found out by itself. */
  "order.payment_unknown": orderEvent,
  /** The provider has told that nothing was taken: the order waits for its payment again. */
  "order.payment_awaited": orderEvent,
  /** The payment contradicts the order, or money came for what cannot be delivered: a person must look. */
  "order.payment_review": orderEvent,
  /** The buyer disputes the payment with the bank, or a dispute was decided. */
  "order.disputed": orderEvent,
  "order.refund_requested": orderEvent,
  "order.refunded": orderEvent,
  "order.refund_failed": orderEvent,
  "order.cancelled": orderEvent,
  "order.expired": orderEvent,
  "order.fulfilling": orderEvent,
  /** A parcel was taken apart before it was shipped. */
  "order.parcel_cancelled": orderEvent,
  "order.shipped": orderEvent,
  "order.delivered": orderEvent,
  "order.return_requested": orderEvent,
  "order.return_approved": orderEvent,
  "order.return_declined": orderEvent,
  "order.return_received": orderEvent,
  "order.return_closed": orderEvent,
  "return.decided": z.object({ return_id: z.string(), order_id: z.string() }),
  /** Goods have come back; `receipt` is the place of what came in the return's receipts. */
  "return.received": z.object({ return_id: z.string(), order_id: z.string(), receipt: z.int() }),
  /** Everything personal was taken out of it, because its buyer asked for that. */
  "order.anonymised": orderEvent,
} as const;

export type EventType = keyof typeof eventSchemas;
export type OrderEventType = Extract<EventType, `order.${string}`>;
/** What happens to an order that is there. */
export type OrderChangeType = Exclude<OrderEventType, "order.placed">;
export type EventData<Type extends EventType> = z.infer<(typeof eventSchemas)[Type]>;

/** An event on its way into the outbox. */
export type NewEvent = {
  [Type in EventType]: { type: Type; subject: string; data: EventData<Type> };
}[EventType];

/** An event as handlers receive it. */
export type RecordedEvent<Type extends EventType = EventType> = {
  [Each in Type]: {
    id: Id<"event">;
    type: Each;
    /** The id of what changed; events of one subject come in the order in which they were recorded. */
    subject: string;
    data: EventData<Each>;
    traceparent: string | undefined;
  };
}[Type];
