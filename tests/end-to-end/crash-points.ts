import { expect, vi } from "vitest";
import type { Call, Moment } from "#local/faults/gate";
import {
  type Approach,
  type CrashPoint,
  type OrderRequest,
  type Preparation,
  type Purchase,
  type StartedPayment,
  containing,
  cutShort,
  fillCart,
  place,
  send,
  startPayment,
  stopAt,
  twoOf,
} from "./crash-purchases.ts";
import { refundingAtPaypal, returningFromPaypal } from "./crash-paypal.ts";
import { type CrashSite, patience } from "./crash-site.ts";

/** The longest that units stay held for an order that never came. */
const holdMsMax = 60 * 60 * 1000;

/** The buyer's request for the order is cut short; the same request again is what the buyer goes on with. */
function ordering(moment: Moment, statement: string) {
  return async (site: CrashSite): Promise<Preparation> => {
    const request = await fillCart(site);
    const approach = async (): Promise<Approach> => {
      const point = stopAt(site.gates.database, moment, statement, request.key);
      return { point, unanswered: cutShort(send(site, request)), goOn: () => sendAndPay(site, request) };
    };
    return { approach };
  };
}

async function sendAndPay(site: CrashSite, request: OrderRequest): Promise<Purchase> {
  const purchase = await send(site, request);
  await site.buyer.authorise(purchase.order);
  return purchase;
}

/** The buyer never comes back, the hold's time passes, and another buyer comes. */
async function abandonHold(site: CrashSite): Promise<Preparation> {
  const request = await fillCart(site);
  const [{ sku, variantId } = { sku: "", variantId: "" }] = request.wares;
  const another = async (): Promise<OrderRequest> => ({
    ...request,
    cart: await site.buyer.fillCart({ [variantId]: 1 }),
  });
  const approach = async (): Promise<Approach> => ({
    point: stopAt(site.gates.database, "before_service", 'insert into "orders"', request.key),
    unanswered: cutShort(send(site, request)),
    meanwhile: () => site.inventory.letHoldsEnd(sku, holdMsMax),
    goOn: async () => sendAndPay(site, { ...(await another()), key: `${request.key} of another` }),
  });
  return { approach };
}

async function holdOneOfTwo(site: CrashSite): Promise<Preparation> {
  const request = await fillCart(site, 2);
  const [first, second] = twoOf(request.wares);
  const approach = async (): Promise<Approach> => {
    await expect(send(site, request)).rejects.toThrow("answered 5");
    const reached = untilMovement(site, first.sku, { kind: "hold" });
    return { point: { reached, lift: () => undefined }, goOn: () => sendAndPay(site, request) };
  };
  return { unreachableSku: second.sku, approach };
}

async function commitOneOfTwo(site: CrashSite): Promise<Preparation> {
  const purchase = await startPayment(site, 2);
  const [first, second] = twoOf(purchase.wares);
  const approach = async (): Promise<Approach> => {
    await site.buyer.payWith(purchase.attempt);
    const reached = untilMovement(site, first.sku, { kind: "commit" });
    return { point: { reached, lift: () => undefined }, goOn: () => Promise.resolve(purchase) };
  };
  return { unreachableSku: second.sku, approach };
}

async function untilMovement(site: CrashSite, sku: string, latest: { kind: string }): Promise<Call> {
  await vi.waitFor(async () => expect((await site.movements(sku))[0]).toMatchObject(latest), patience);
  return { method: "", path: "", body: "" };
}

/** The provider has the payment and we do not know it: the buyer starts once more, or has gone and time passes. */
function startingPayment(goOn: (site: CrashSite, purchase: Purchase) => Promise<unknown>) {
  return async (site: CrashSite): Promise<Preparation> => {
    const purchase = await place(site);
    const { order } = purchase;
    const approach = async (): Promise<Approach> => ({
      point: stopAt(site.gates.stripe, "before_reply", "/v1/payment_intents", order.id),
      unanswered: cutShort(site.buyer.startPayment(order)),
      goOn: () => goOn(site, purchase).then(() => purchase),
    });
    return { approach };
  };
}

const startAgain = ({ buyer }: CrashSite, { order }: Purchase) => buyer.authorise(order);
const letOrderExpire = ({ inDatabase }: CrashSite, { order }: Purchase) =>
  inDatabase("update orders set hold_expires_at = now() where id = $1", [order.id]);

/** The buyer pays, and nobody does anything after that. */
function paying(
  service: keyof CrashSite["gates"],
  moment: Moment,
  fitsPurchase: (purchase: StartedPayment, site: CrashSite) => (call: Call) => boolean,
) {
  return async (site: CrashSite): Promise<Preparation> => {
    const purchase = await startPayment(site);
    const approach = async (): Promise<Approach> => {
      const point = site.gates[service].stopAt({ moment, fits: fitsPurchase(purchase, site) });
      await site.buyer.payWith(purchase.attempt);
      return { point, goOn: () => Promise.resolve(purchase) };
    };
    return { approach };
  };
}

const capture = ({ intent }: StartedPayment) => containing("/capture", intent);
const recordAsPaid = ({ order }: StartedPayment) => containing("order.paid", order.id);
const storeWebhook = ({ intent }: StartedPayment) => containing('insert into "payment_events"', intent);
const receipt = ({ order }: StartedPayment) => containing(order.email);
const copyJournal = ({ wares, order }: StartedPayment) =>
  containing("insert into stock_ledger", wares[0]?.sku ?? "", "commit", order.id);

/** The ids of this payment's events, ours and Stripe's: known by the calls that store them. */
function eventsOf(purchase: StartedPayment, { gates }: CrashSite): () => string[] {
  const ids: string[] = [];
  const stores = storeWebhook(purchase);
  gates.database.stopAt({
    moment: "before_service",
    fits: (call) => {
      if (stores(call)) ids.push(...(call.body.match(/(?<=")(pev|evt)_\w+(?=")/g) ?? []));
      return false;
    },
  });
  return () => ids;
}

const publishWebhook = (purchase: StartedPayment, site: CrashSite) => {
  const ids = eventsOf(purchase, site);
  return (call: Call) =>
    containing("/jobs/payment-events")(call) && ids().some((id) => call.body.includes(id));
};
const markProcessed = (purchase: StartedPayment, site: CrashSite) => {
  const ids = eventsOf(purchase, site);
  return (call: Call) =>
    containing('"processed_at" = now()')(call) && ids().some((id) => call.body.includes(id));
};

async function loseWebhook(site: CrashSite): Promise<Preparation> {
  const purchase = await startPayment(site);
  const meanwhile = async (): Promise<void> => {
    await site.steerStripe("faults", { drop_webhooks: true });
    await site.buyer.payWith(purchase.attempt);
    await site.steerStripe("faults", { drop_webhooks: false });
  };
  const reached = Promise.resolve({ method: "", path: "", body: "" });
  const point = { reached, lift: () => undefined };
  return { approach: async () => ({ point, meanwhile, goOn: () => Promise.resolve(purchase) }) };
}

/** The buyer cancels an order whose payment was started; some cancel again. */
function cancelling(
  moment: Moment,
  text: string,
  goOn: (site: CrashSite, purchase: Purchase) => Promise<unknown>,
) {
  return async (site: CrashSite): Promise<Preparation> => {
    const purchase = await startPayment(site);
    const { order, attempt } = purchase;
    const subject = text === "order.cancelled" ? order.id : attempt.attempt_id;
    const approach = async (): Promise<Approach> => ({
      point: stopAt(site.gates.database, moment, text, subject),
      unanswered: cutShort(site.buyer.cancel(order)),
      goOn: () => goOn(site, purchase).then(() => purchase),
    });
    return { approach };
  };
}

const cancelAgain = ({ buyer }: CrashSite, { order }: Purchase) => buyer.cancel(order);
const nothing = () => Promise.resolve();

function refunding(moment: Moment) {
  return async (site: CrashSite): Promise<Preparation> => {
    const purchase = await startPayment(site);
    const { order, attempt, intent } = purchase;
    await site.buyer.payWith(attempt);
    const isPaid = async () => expect((await site.buyer.readOrder(order)).status).toBe("paid");
    await vi.waitFor(isPaid, patience);
    const approach = async (): Promise<Approach> => ({
      point: stopAt(site.gates.stripe, moment, "/v1/refunds", intent),
      unanswered: cutShort(site.refund(order)),
      goOn: () => Promise.resolve(purchase),
    });
    return { approach };
  };
}

const insertOrder = 'insert into "orders"';

/** Where the Worker dies, and how the purchase ends all the same. */
export const crashPoints: readonly CrashPoint[] = [
  { name: "before anything is held", ends: "paid", prepare: ordering("before_service", "select") },
  { name: "units held without an order", ends: "paid", prepare: ordering("before_service", insertOrder) },
  { name: "units held without an order, and the buyer gone", ends: "paid", prepare: abandonHold },
  { name: "one of two SKUs held, the other not reached", ends: "paid", prepare: holdOneOfTwo },
  { name: "order stored but the reply lost", ends: "paid", prepare: ordering("before_reply", insertOrder) },
  { name: "payment created but not saved", ends: "paid", prepare: startingPayment(startAgain) },
  {
    name: "payment created but not saved, and the buyer gone",
    ends: "expired",
    prepare: startingPayment(letOrderExpire),
  },
  { name: "authorised but the webhook lost", ends: "paid", prepare: loseWebhook },
  {
    name: "webhook verified but not stored",
    ends: "paid",
    prepare: paying("database", "before_service", storeWebhook),
  },
  {
    name: "webhook stored but not published",
    ends: "paid",
    prepare: paying("queue", "before_service", publishWebhook),
  },
  {
    name: "event processed but not acknowledged",
    ends: "paid",
    prepare: paying("database", "before_reply", markProcessed),
  },
  { name: "stock committed at one of two SKUs", ends: "paid", prepare: commitOneOfTwo },
  {
    name: "stock committed but not captured",
    ends: "paid",
    prepare: paying("stripe", "before_service", capture),
  },
  { name: "captured but the reply lost", ends: "paid", prepare: paying("stripe", "before_reply", capture) },
  {
    name: "captured but not recorded",
    ends: "paid",
    prepare: paying("database", "before_service", recordAsPaid),
  },
  {
    name: "recorded as paid, outbox row not sent",
    ends: "paid",
    prepare: paying("database", "before_reply", recordAsPaid),
  },
  { name: "receipt sent but the reply lost", ends: "paid", prepare: paying("mail", "before_reply", receipt) },
  {
    name: "stock journal not drained",
    ends: "paid",
    prepare: paying("database", "before_service", copyJournal),
  },
  {
    name: "payment cancelled but the order not",
    ends: "cancelled",
    prepare: cancelling("before_service", "update payment_attempts", cancelAgain),
  },
  {
    name: "order cancelled but its stock not given back",
    ends: "cancelled",
    prepare: cancelling("before_reply", "order.cancelled", nothing),
  },
  { name: "refund stored but not sent", ends: "refunded", prepare: refunding("before_service") },
  { name: "refund sent but the reply lost", ends: "refunded", prepare: refunding("before_reply") },
  {
    name: "captured at PayPal but the reply lost",
    ends: "paid",
    prepare: returningFromPaypal("before_reply"),
  },
  {
    name: "refund sent to PayPal but the reply lost",
    ends: "refunded",
    prepare: refundingAtPaypal("before_reply"),
  },
];
