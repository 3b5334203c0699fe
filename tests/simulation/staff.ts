import { type Answer, Violation } from "./network.ts";
import { givenBack } from "./world/refusals.ts";
import type { AskedRefund } from "./world/requests.ts";
import { Shop } from "./world/shop.ts";
import type { AttemptRow, Order, RefundRow } from "./world/rows.ts";
import type { World } from "./world/world.ts";

const roundMsMax = 8 * 60_000;
const refundRounds = 6;
const triesMax = 6;
/** Tries at a refund that fails at the provider, and looks at one that takes its time. */
const refundTriesMax = 4;
const looksMax = 8;
/** Rounds over manual payments; each decides some, and all are decided in the end. */
const receivingRoundsMax = 60;

/** Those who give money back, look at the provider's dashboard, and wait for bank transfers. */
export class Staff {
  readonly #world: World;
  readonly #disputed = new Set<string>();
  #refundCount = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Refunds of paid orders, twice and by two at once; others of them in the dashboard, and disputes. */
  async refund(): Promise<void> {
    const { random, scheduler, database, climate } = this.#world;
    for (let round = 0; round < refundRounds; round++) {
      await scheduler.sleep(random.below(roundMsMax));
      for (const orderId of database.orders.keys()) {
        const order = database.load(orderId);
        if (order === undefined) continue;
        for (const attempt of order.attempts) this.#useDashboard(attempt);
        if (order.attempt?.status !== "captured" || !random.chance(climate.refunds / 2)) continue;
        const first = this.#refundOrder(order);
        if (random.chance(0.3)) await this.#refundOrder(order);
        await first;
      }
    }
  }

  get hasToGiveBack(): boolean {
    return this.#givenBackInVain().length > 0;
  }

  /** By hand what the shop tried in vain: here, or in the dashboard where the payment is not the order's own. */
  async giveBack(): Promise<void> {
    const { provider } = this.#world;
    for (const { order, attempt } of this.#givenBackInVain()) {
      const reference = attempt.providerReference ?? "";
      const facts = provider.payments.get(reference);
      if (attempt.id === order.attempt?.id) await this.#askFor(order, { restock: false });
      else if (facts) provider.refundInDashboard(reference, facts.capturedAmount - facts.refundedAmount);
    }
  }

  #givenBackInVain(): { order: Order; attempt: AttemptRow }[] {
    const { database } = this.#world;
    return [...database.attempts.values()].flatMap((attempt) => {
      const order = database.load(attempt.orderId);
      return order && isGivenBackInVain(order, attempt) ? [{ order, attempt }] : [];
    });
  }

  /** Every manual payment is received or its order cancelled, sooner or later. */
  async receivePayments(): Promise<void> {
    const { random, scheduler, climate } = this.#world;
    if (!climate.offered.includes("manual")) return;
    for (let round = 0; round < receivingRoundsMax; round++) {
      await scheduler.sleep(random.between(60_000, roundMsMax));
      for (const attempt of this.#openManual()) {
        if (random.chance(0.4)) await this.#receive(attempt.orderId);
        if (random.chance(0.2)) await this.#cancel(attempt);
      }
    }
  }

  #openManual(): AttemptRow[] {
    const open = ({ provider, status }: AttemptRow) =>
      provider === "manual" && status !== "captured" && status !== "cancelled";
    return [...this.#world.database.attempts.values()].filter(open);
  }

  #useDashboard({ providerReference }: AttemptRow): void {
    const { random, provider, climate, scheduler } = this.#world;
    const reference = providerReference ?? "";
    const facts = provider.payments.get(reference);
    if (facts?.state !== "captured") return;
    const left = facts.capturedAmount - facts.refundedAmount;
    if (left > 0 && random.chance(climate.refunds / 6))
      provider.refundInDashboard(reference, random.chance(0.3) ? left : random.between(1, left));
    if (!reference.startsWith("stripe") || this.#disputed.has(reference)) return;
    if (!random.chance(climate.disputes)) return;
    this.#disputed.add(reference);
    provider.dispute(reference, "open");
    const decide = () => provider.dispute(reference, random.pick(["won", "lost"]));
    scheduler.after(random.below(random.chance(0.3) ? 900 : 10 * 60_000), decide);
  }

  /** Asks until somebody answers; a refund that failed is tried again as a new one, when its outcome is known. */
  async #refundOrder(order: Order): Promise<void> {
    const asked = this.#choose(order);
    for (let tries = 0; tries < refundTriesMax; tries++) {
      const refund = await this.#askFor(order, asked);
      if (refund === undefined || (await this.#outcomeOf(refund)) !== "failed") return;
    }
  }

  async #outcomeOf({ id }: RefundRow): Promise<RefundRow["status"] | undefined> {
    const { random, scheduler, database } = this.#world;
    const { rows } = database.refunds;
    for (let looks = 0; looks < looksMax && rows.get(id)?.status === "pending"; looks++)
      await scheduler.sleep(random.between(60_000, roundMsMax));
    return rows.get(id)?.status;
  }

  /** With the same key until it is answered, and sometimes twice at once. */
  async #askFor(order: Order, asked: AskedRefund): Promise<RefundRow | undefined> {
    const { random, scheduler, database } = this.#world;
    this.#refundCount += 1;
    const key = `refund request ${this.#refundCount}`;
    const ask = () =>
      this.#world.network.ask(key, (process) =>
        new Shop(this.#world, process).refunds.request(order.id, key, asked),
      );
    for (let tries = 0; tries < triesMax; tries++) {
      const twin: Promise<Answer<RefundRow>> | undefined = random.chance(0.2) ? ask() : undefined;
      const answer = await ask();
      await twin;
      if (answer.kind === "refusal") return undefined;
      if (answer.kind === "value") {
        const stored = database.refunds.find(key);
        if (answer.value.status !== "pending" && answer.value.status !== stored?.status)
          throw new Violation("a refund is what its answer said", `${stored?.id} is ${stored?.status}`);
        return answer.value;
      }
      await scheduler.sleep(random.below(60_000));
    }
    return undefined;
  }

  #choose(order: Order): AskedRefund {
    const { random } = this.#world;
    const restock = random.chance(0.5);
    if (random.chance(0.2)) return { restock };
    const { lines, total } = order;
    if (random.chance(0.3)) return { restock, amount: givenBack(order).left + 1 };
    if (random.chance(0.4)) return { restock, amount: random.between(1, total) };
    const chosen = lines.filter(() => random.chance(0.7));
    return {
      restock,
      lines: chosen.map(({ id, quantity }) => ({ order_line_id: id, quantity: random.between(1, quantity) })),
    };
  }

  async #receive(orderId: string): Promise<void> {
    const { random, scheduler, network } = this.#world;
    for (let tries = 0; tries < triesMax; tries++) {
      const answer = await network.ask(`receive ${orderId}`, (process) =>
        new Shop(this.#world, process).payments.receiveManual(orderId),
      );
      if (answer.kind !== "silence") return;
      await scheduler.sleep(random.below(60_000));
    }
  }

  async #cancel({ id, orderId }: AttemptRow): Promise<void> {
    const { database, network } = this.#world;
    const answer = await network.ask(`staff cancel ${orderId}`, (process) =>
      new Shop(this.#world, process).orders.cancel(orderId),
    );
    const { receivedAt } = database.attemptOf(id);
    if (answer.kind === "value" && answer.value === "authorised" && receivedAt === null)
      throw new Violation("until its money is there an order can be cancelled", orderId);
  }
}

/** A refund of all that is left of money that nobody owed has failed. */
function isGivenBackInVain({ refunds }: Order, { id, amount: taken }: AttemptRow): boolean {
  const own = refunds.filter(({ attemptId }) => attemptId === id);
  const back = own
    .filter(({ status }) => status === "succeeded")
    .reduce((sum, { amount }) => sum + amount, 0);
  return own.some(
    ({ origin, status, amount }) => origin === "system" && status === "failed" && amount === taken - back,
  );
}
