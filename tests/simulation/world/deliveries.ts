import type { Handler } from "#events/deliver-round";
import { drainOutbox } from "#events/drain";
import { epochMs } from "#core/time";
import { type Channel, type Process, Violation } from "../network.ts";
import type { ProviderEvent } from "./payment-events.ts";
import type { News } from "./provider.ts";
import type { OrderEvent } from "./rows.ts";
import { Shop } from "./shop.ts";
import type { World } from "./world.ts";

const calls: Record<"storeEvent" | "publish" | "outbox" | "live" | "due", Channel> = {
  storeEvent: { name: "store the event", to: "postgres", repeats: false },
  publish: { name: "publish", to: "queue", repeats: true },
  outbox: { name: "outbox", to: "postgres", repeats: false },
  live: { name: "tell the buyer", to: "live", repeats: true },
  due: { name: "look for what is due", to: "postgres", repeats: false },
};

/** Tries of the provider at one webhook, and of the queue at one message. */
const webhookTriesMax = 5;
const newsTriesMax = 200;
const messageTriesMax = 4;
const webhookRetryMs = 120_000;
const messageRetryMs = 60_000;
const sweepMs = 60_000;

/** All that comes to the shop by itself: webhooks, queue messages, drains of the outbox, sweeps. */
export class Deliveries {
  readonly #world: World;
  #webhookCount = 0;

  constructor(world: World) {
    this.#world = world;
    world.onNotify = (reference, news) => this.#sendWebhook(reference, news);
    world.onWakeOutbox = () => this.#wakeOutbox();
  }

  /** Begins to sweep, once a minute until nothing waits any more. */
  startSweeping(): void {
    this.#world.scheduler.after(sweepMs, () => this.#sweep());
  }

  #sendWebhook(reference: string, news: News | undefined): void {
    const { random, climate, scheduler } = this.#world;
    this.#webhookCount += 1;
    const eventId = `evt_${this.#webhookCount}`;
    const told = this.#world.provider.read(reference);
    const provider = reference.startsWith("paypal") ? ("paypal" as const) : ("stripe" as const);
    if (news === undefined && random.chance(climate.webhookLost)) return;
    const receive = () => this.#receive(eventId, { provider, told, dispute: news?.dispute });
    const tries = news === undefined ? webhookTriesMax : newsTriesMax;
    const deliver = () => this.#deliver("webhook", receive, tries);
    scheduler.after(random.below(random.chance(0.2) ? 300_000 : 3_000), deliver);
    if (random.chance(climate.weather.repeated)) scheduler.after(random.below(600_000), deliver);
  }

  /** As the webhook routes do: store, then publish at best. */
  #receive(eventId: string, event: ProviderEvent): Promise<boolean> {
    return this.#flow(`webhook ${eventId}`, async (process) => {
      const { network, database } = this.#world;
      const store = () => database.paymentEvents.insert(eventId, event);
      if (!(await network.call(process, calls.storeEvent, store))) return;
      void network.call(process, calls.publish, () => this.#enqueue(eventId)).catch(() => undefined);
    });
  }

  #enqueue(eventId: string): void {
    const { random, climate, scheduler } = this.#world;
    if (random.chance(climate.messageLost)) return;
    const process = () =>
      this.#flow(`job ${eventId}`, (each) => new Shop(this.#world, each).payments.process(eventId));
    const deliver = () => this.#deliver("message", process, messageTriesMax);
    scheduler.after(random.below(5_000), deliver);
    if (random.chance(climate.weather.repeated)) scheduler.after(random.below(60_000), deliver);
  }

  /** Tries again until the receiver has answered well, or too often. */
  #deliver(what: "webhook" | "message", receive: () => Promise<boolean>, triesLeft: number): void {
    let received = false;
    const hear = async () => {
      received = await receive();
    };
    void hear();
    const retryMs = what === "webhook" ? webhookRetryMs : messageRetryMs;
    this.#world.scheduler.after(retryMs, () => {
      if (!received && triesLeft > 1) this.#deliver(what, receive, triesLeft - 1);
    });
  }

  #wakeOutbox(): void {
    const { scheduler, random } = this.#world;
    if (random.chance(0.7))
      scheduler.after(random.below(200), () => this.#background("drain", (process) => this.#drain(process)));
  }

  async #drain(process: Process): Promise<void> {
    const { network, database, scheduler } = this.#world;
    const { outbox } = database;
    await drainOutbox<OrderEvent>({
      lease: ({ prompt }, delivered) =>
        network.call(process, calls.outbox, () => {
          outbox.markDelivered(delivered);
          return outbox.lease(prompt);
        }),
      takeBulkTurn: () => undefined,
      wakeAgain: () => Promise.resolve(),
      handlersOf: (event) => this.#handlersOf(process, event),
      markFailed: (failures) => network.call(process, calls.outbox, () => outbox.markFailed(failures)),
      onFailure: () => undefined,
      isPassing: () => false,
      now: () => epochMs(scheduler.now + process.skewMs),
    });
  }

  /** The consumers that move something, as src/consumers.ts names them. */
  #handlersOf(process: Process, event: OrderEvent): Handler<OrderEvent>[] {
    const shop = new Shop(this.#world, process);
    const { type, subject } = event;
    const handlers = [
      {
        name: "live",
        handle: () => this.#world.network.call(process, calls.live, () => this.#world.tell(event)),
      },
    ];
    if (type === "order.placed")
      handlers.unshift({ name: "clear-cart", handle: () => shop.orders.clearCart(subject) });
    if (type === "order.cancelled" || type === "order.expired")
      handlers.unshift({ name: "return-stock", handle: () => shop.orders.returnStock(subject) });
    if (type === "order.refunded" || type === "order.refund_failed")
      handlers.unshift({ name: "refunds-elsewhere", handle: () => shop.payments.settleAfterRefund(subject) });
    if (type === "order.refunded")
      handlers.unshift({ name: "restock", handle: () => shop.refunds.restock(subject) });
    return handlers;
  }

  /**
   * Once a minute while anything happens; when nothing else does, right when something is due. A sweep that would find
   * nothing is spared.
   */
  #sweep(): void {
    const { scheduler, database } = this.#world;
    const { now } = database;
    if (database.outbox.nextDueAt() < now)
      this.#background("outbox sweep", (process) => this.#drain(process));
    if (database.nextPaymentDueAt() < now)
      this.#background("payment sweep", (process) => this.#sweepPayments(process));
    if (database.nextExpiryAt() < now)
      this.#background("expiry sweep", (process) => this.#sweepOverdue(process));
    const dueAt = database.nextDueAt();
    if (!scheduler.isIdle) scheduler.after(sweepMs, () => this.#sweep());
    else if (dueAt !== undefined) scheduler.after(Math.max(sweepMs, dueAt - now + 1), () => this.#sweep());
  }

  async #sweepPayments(process: Process): Promise<void> {
    const { database } = this.#world;
    const shop = new Shop(this.#world, process);
    const look = <Row>(rows: () => Row) => this.#world.network.call(process, calls.due, rows);
    for (const event of await look(() => database.paymentEvents.takeStranded()))
      await tolerate(shop.payments.process(event.id));
    for (const attempt of await look(() => database.takeDueAttempts()))
      await tolerate(shop.payments.settle(attempt.orderId, attempt.id));
    for (const refund of await look(() => database.refunds.takeDue()))
      await tolerate(shop.refunds.execute(refund));
  }

  async #sweepOverdue(process: Process): Promise<void> {
    const { database, network } = this.#world;
    const shop = new Shop(this.#world, process);
    for (const orderId of await network.call(process, calls.due, () => database.overdueOrders()))
      await tolerate(shop.orders.expire(orderId));
  }

  #background(name: string, flow: (process: Process) => Promise<void>): void {
    void this.#world.network.ask(name, flow);
  }

  /** @returns false when the flow failed or nothing was heard of it. */
  async #flow(name: string, flow: (process: Process) => Promise<void>): Promise<boolean> {
    return (await this.#world.network.ask(name, flow)).kind === "value";
  }
}

async function tolerate(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Violation || isProgrammingError(error)) throw error;
  }
}

/** What the sweep would only log must not hide here. */
function isProgrammingError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}
