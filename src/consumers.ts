import { mailSignInChange } from "#features/auth/mail-sign-in-change";
import { sendEmailChangedMail, sendPasswordChangedMail } from "#features/auth/send-change-mails";
import { sendTokenMail } from "#features/auth/send-token-mail";
import { sendWelcomeMail } from "#features/auth/send-welcome-mail";
import { claimProvenOrders } from "#features/cart/adopt-guest";
import { clearOrderedLines } from "#features/cart/clear-ordered-lines";
import { announceCategory } from "#features/catalog/create-category";
import { refreshCatalogueCache, refreshCatalogueCacheOf } from "#features/catalog/refresh-cache";
import { closeEndedConnections } from "#features/live/close-ended-connections";
import { tellBuyer } from "#features/live/tell-buyer";
import { returnStockOfEndedOrder } from "#features/orders/end-order";
import { mailReceipt } from "#features/orders/mail-receipt";
import { forgetErasedUser } from "#features/privacy/erase-data";
import { restockRefunded } from "#features/payments/restock-refunded";
import { returnMoneyOfEndedOrder } from "#features/payments/return-money";
import { refileProducts } from "#features/catalog/refile-products";
import { settleAfterRefund } from "#features/payments/settle-after-refund";
import { mailReturn } from "#features/returns/mail-return";
import { restockReturned } from "#features/returns/restock-returned";
import type { EventType, RecordedEvent } from "#events/catalogue";
import type { HandleTogether, Handler } from "#events/deliver-round";
import type { Context } from "#platform/context";
import { syncProduct, syncProductsOf } from "#search-sync/apply";
import { writeCanary } from "#search-sync/canary";
import { renewSettings } from "#search-sync/ensure-index";

type Consumer<Type extends EventType> = {
  /** Stable: the outbox remembers under this name who has finished with an event. */
  name: string;
  handle: (context: Context, event: RecordedEvent<Type>) => Promise<void>;
  /** Takes a round's events at once, whatever types it is registered for. */
  handleTogether?: (
    context: Context,
    events: readonly RecordedEvent<Type>[],
  ) => ReturnType<HandleTogether<RecordedEvent>>;
};

const catalogueCache = {
  name: "catalogue-cache",
  handle: refreshCatalogueCache,
  handleTogether: refreshCatalogueCacheOf,
};

const searchIndex = { name: "search-index", handle: syncProduct, handleTogether: syncProductsOf };

const live = { name: "live", handle: tellBuyer };

const returnStock = { name: "return-stock", handle: returnStockOfEndedOrder };

const returnMoney = { name: "return-money", handle: returnMoneyOfEndedOrder };

const refundsElsewhere = { name: "refunds-elsewhere", handle: settleAfterRefund };

const returnMail = { name: "return-mail", handle: mailReturn };

/** Who hears of which event. Every event type has an entry, empty where nobody listens yet. */
const consumers: { readonly [Type in EventType]: readonly Consumer<Type>[] } = {
  "product.changed": [catalogueCache, searchIndex],
  "product.deleted": [catalogueCache, searchIndex],
  "search.canary": [{ name: "search-canary", handle: writeCanary }],
  "search.synonyms_changed": [{ name: "search-settings", handle: renewSettings }],
  "category.made": [{ name: "category-tree", handle: announceCategory }],
  "category.changed": [{ name: "category-tree", handle: announceCategory }],
  "category.refile": [{ name: "refile-products", handle: refileProducts }],
  "stock.changed": [catalogueCache, searchIndex],
  "stock.low": [],
  "stock.out": [],
  "stock.back": [],
  "inventory.drift_found": [],
  "user.registered": [{ name: "welcome-mail", handle: sendWelcomeMail }],
  "user.sign_in_changed": [{ name: "sign-in-mail", handle: mailSignInChange }],
  "mail_token.issued": [{ name: "token-mail", handle: sendTokenMail }],
  "user.email_verified": [{ name: "claim-guest-orders", handle: claimProvenOrders }],
  "user.email_changed": [{ name: "email-changed-mail", handle: sendEmailChangedMail }],
  "user.password_changed": [{ name: "password-changed-mail", handle: sendPasswordChangedMail }],
  "user.sessions_ended": [{ name: "close-connections", handle: closeEndedConnections }],
  "user.erased": [{ name: "forget-user", handle: forgetErasedUser }],
  "order.placed": [{ name: "clear-cart", handle: clearOrderedLines }, live],
  "order.authorised": [live],
  "order.paid": [{ name: "receipt", handle: mailReceipt }, live],
  "order.payment_failed": [live],
  "order.payment_unknown": [live],
  "order.payment_awaited": [live],
  "order.payment_review": [live],
  "order.disputed": [],
  "order.refund_requested": [],
  "order.refunded": [{ name: "restock", handle: restockRefunded }, refundsElsewhere, live],
  "order.refund_failed": [refundsElsewhere, live],
  "order.cancelled": [returnStock, returnMoney, live],
  "order.expired": [returnStock, live],
  "order.fulfilling": [live],
  "order.parcel_cancelled": [live],
  "order.shipped": [live],
  "order.delivered": [live],
  "order.return_requested": [live],
  "order.return_approved": [live],
  "order.return_declined": [live],
  "order.return_received": [live],
  "order.return_closed": [live],
  "return.decided": [returnMail],
  "return.received": [{ name: "restock-returned", handle: restockReturned }, returnMail],
  "order.anonymised": [],
};

export function handlersFor(context: Context): (event: RecordedEvent) => readonly Handler<RecordedEvent>[] {
  return (event) => bind(context, event);
}

function bind<Type extends EventType>(
  context: Context,
  event: RecordedEvent<Type>,
): Handler<RecordedEvent>[] {
  return consumers[event.type].map(({ name, handle, handleTogether }) => ({
    name,
    handle: () => handle(context, event),
    ...(handleTogether === undefined
      ? {}
      : {
          // The drain gathers by the handler's name, under which only its own types are registered.
          handleTogether: (events) => handleTogether(context, events as readonly RecordedEvent<Type>[]),
        }),
  }));
}
