import type { Id } from "#core/ids";
import { type Answer, Violation } from "./network.ts";
import type { PlacementOutcome } from "./world/requests.ts";
import { Shop } from "./world/shop.ts";
import type { PayOutcome } from "./world/provider.ts";
import type { World } from "./world/world.ts";

const startMsMax = 10 * 60_000;
/** While the provider is out of reach, some buyers come when the holds of the first ones have expired. */
const lateStartMs = { min: 61 * 60_000, max: 100 * 60_000 };
const thinkMsMax = 90_000;
const triesMax = 4;
const oldTabMsMax = 3 * 60 * 60_000;
const payOutcomes = ["approve", "approve", "approve", "decline", "challenge", "transfer"] as const;

/** A buyer: fills a cart, orders, pays or not, clicks twice, changes their mind, and asks again when nobody answers. */
export class Buyer {
  readonly #world: World;
  readonly #cartId: string;
  #orderCount = 0;

  constructor(world: World, name: string) {
    this.#world = world;
    this.#cartId = `cart of ${name}`;
  }

  async shop(): Promise<void> {
    const { random, scheduler, network } = this.#world;
    const late = network.outage?.of === "provider" && random.chance(0.5);
    await scheduler.sleep(late ? random.between(lateStartMs.min, lateStartMs.max) : random.below(startMsMax));
    const orders = random.chance(0.2) ? 2 : 1;
    for (let order = 0; order < orders; order++) {
      this.#fillCart();
      const orderId = await this.#order();
      if (orderId !== undefined) await this.#decide(orderId);
    }
  }

  /** Buys exactly these units, with every step done once. */
  async buy(sku: string, quantity: number): Promise<PlacementOutcome | undefined> {
    const { network, provider } = this.#world;
    this.#add(sku, quantity);
    const answer = await this.#place(this.#newPlacement());
    if (answer.kind !== "value") return undefined;
    if (answer.value.ok) {
      const { orderId } = answer.value.answer;
      const opened = await network.ask(`open ${orderId}`, (process) =>
        new Shop(this.#world, process).payments.open(orderId, orderId, "stripe"),
      );
      if (opened.kind === "value") provider.pay(opened.value, "approve");
    }
    return answer.value;
  }

  #fillCart(): void {
    const { random, inventory } = this.#world;
    for (const sku of inventory.keys()) if (random.chance(0.6)) this.#add(sku, random.between(1, 3));
  }

  #add(sku: string, quantity: number): void {
    const world = this.#world;
    const id = world.newId("cln") as Id<"cartLine">;
    world.cart(this.#cartId).add({ id, variantId: sku as Id<"variant">, quantity });
  }

  async #order(): Promise<Id<"order"> | undefined> {
    const { random, scheduler, climate } = this.#world;
    let { key, total } = this.#newPlacement();
    for (let tries = 0; tries < triesMax; tries++) {
      const asked = { key, total };
      const double = random.chance(climate.habits.doubleClicks)
        ? this.#later(() => this.#place(asked))
        : undefined;
      const answers = [await this.#place(asked), ...(double ? [await double] : [])];
      const orderId = orderIdOf(answers, key);
      if (orderId !== undefined) return orderId;
      for (const answer of answers) {
        const refusal = answer.kind === "value" && !answer.value.ok ? answer.value : undefined;
        if (refusal?.reason === "empty") return undefined;
        if (refusal?.reason === "quote_refused") ({ total } = refusal.refusal);
        if (refusal?.reason === "key_reused" || answer.kind === "refusal")
          ({ key, total } = this.#newPlacement());
      }
      await scheduler.sleep(random.below(20_000));
    }
    return undefined;
  }

  #newPlacement(): { key: string; total: number } {
    this.#orderCount += 1;
    const { prices } = this.#world;
    const { lines } = this.#world.cart(this.#cartId);
    const total = lines.reduce((sum, line) => sum + line.quantity * (prices.get(line.variantId) ?? 0), 0);
    return { key: `${this.#cartId} order ${this.#orderCount}`, total };
  }

  #place({ key, total }: { key: string; total: number }): Promise<Answer<PlacementOutcome>> {
    const asked = { cartId: this.#cartId, key, fingerprint: String(total), agreedTotal: total };
    return this.#world.network.ask(`place ${key}`, (process) =>
      new Shop(this.#world, process).orders.place(asked),
    );
  }

  async #decide(orderId: Id<"order">): Promise<void> {
    const { random } = this.#world;
    const { habits } = this.#world.climate;
    const cancels = random.chance(habits.cancels) ? this.#later(() => this.#cancel(orderId)) : undefined;
    const cancelsAgain =
      cancels && random.chance(habits.doubleClicks) ? this.#later(() => this.#cancel(orderId)) : undefined;
    if (!random.chance(habits.forgets)) await this.#pay(orderId);
    await cancels;
    await cancelsAgain;
  }

  async #pay(orderId: string): Promise<void> {
    const { random, scheduler, network, climate } = this.#world;
    const { habits, offered } = climate;
    const opened: string[] = [];
    let keys = 0;
    let by = random.pick(offered);
    const open = () => {
      if (random.chance(habits.changesWayToPay)) by = random.pick(offered);
      const chosen = by;
      keys += random.chance(0.3) ? 1 : 0;
      const key = `${orderId} payment ${keys}`;
      return network.ask(`open ${key}`, (process) =>
        new Shop(this.#world, process).payments.open(orderId, `${key} ${chosen}`, chosen),
      );
    };
    for (let tries = 0; tries < triesMax; tries++) {
      const double = random.chance(habits.doubleClicks) ? this.#later(open) : undefined;
      const answer = await open();
      if (answer.kind === "value") {
        const left = opened.at(-1);
        opened.push(answer.value);
        // The page of an earlier payment is still open in another tab.
        if (left !== undefined && random.chance(habits.paysInOldTab)) void this.#payInOldTab(left);
        const paid = await this.#payAtProvider(answer.value);
        const confirmed = random.chance(0.5) ? this.#confirm(orderId) : undefined;
        if (paid && random.chance(habits.paysAgainSoon)) {
          await this.#soon();
          keys += 1;
          continue;
        }
        if (paid) {
          if (random.chance(0.15)) await this.#cancelSoon(orderId);
          await confirmed;
          break;
        }
        keys += 1;
        if (random.chance(0.7)) continue;
      }
      await double;
      await scheduler.sleep(random.below(30_000));
    }
  }

  /** @returns false when the provider would not take the payment any more. A manual payment only staff can receive. */
  async #payAtProvider(reference: string): Promise<boolean> {
    const { random, scheduler, provider, climate, interfered } = this.#world;
    if (!provider.payments.has(reference)) return true;
    if (random.chance(climate.interference))
      scheduler.after(random.below(15 * 60_000), () => {
        interfered.add(reference);
        provider.interfere(reference, random.chance(0.5) ? "end" : "capture");
      });
    if (random.chance(climate.habits.leavesAtProvider)) return true;
    if (random.chance(climate.interference)) {
      // The provider's page says at once that this payment is over.
      interfered.add(reference);
      provider.interfere(reference, "end");
      await scheduler.sleep(random.below(5_000));
      return false;
    }
    for (let tries = 0; tries < triesMax; tries++) {
      await scheduler.sleep(random.below(random.chance(0.1) ? 20 * 60_000 : thinkMsMax));
      const outcome = random.pick<PayOutcome>(payOutcomes);
      if (outcome === "transfer") interfered.add(reference);
      if (provider.pay(reference, outcome)) return true;
    }
    return false;
  }

  /** At any time within the hours for which a provider lets a payment be approved. */
  async #payInOldTab(reference: string): Promise<void> {
    const { random, scheduler, provider, interfered } = this.#world;
    if (!provider.payments.has(reference)) return;
    await scheduler.sleep(random.below(random.chance(0.7) ? 5 * 60_000 : oldTabMsMax));
    const outcome = random.pick<PayOutcome>(["approve", "approve", "transfer"]);
    if (provider.pay(reference, outcome) && outcome === "transfer") interfered.add(reference);
  }

  async #confirm(orderId: string): Promise<void> {
    await this.#world.network.ask(`confirm ${orderId}`, async (process) => {
      const order = await new Shop(this.#world, process).payments.settle(orderId);
      return order?.status;
    });
  }

  async #cancelSoon(orderId: string): Promise<void> {
    await this.#soon();
    await this.#cancel(orderId);
  }

  /** While the payment is on its way. */
  async #soon(): Promise<void> {
    const { random, scheduler } = this.#world;
    await scheduler.sleep(random.below(random.pick([60, 2_000, 30_000])));
  }

  async #cancel(orderId: string): Promise<void> {
    const { network, database, cancelWanted } = this.#world;
    cancelWanted.add(orderId);
    const answer = await network.ask(`cancel ${orderId}`, (process) =>
      new Shop(this.#world, process).orders.cancel(orderId),
    );
    const status = database.orders.get(orderId)?.status;
    if (answer.kind === "value" && answer.value === "cancelled" && status !== "cancelled")
      throw new Violation("a cancelled order stays cancelled", `${orderId} is ${status}`);
  }

  async #later<Outcome>(act: () => Promise<Outcome>): Promise<Outcome> {
    const { scheduler, random } = this.#world;
    await scheduler.sleep(random.below(random.chance(0.5) ? 50 : 10 * 60_000));
    return act();
  }
}

/** The order that a key stands for; two answers must name the same. */
function orderIdOf(answers: readonly Answer<PlacementOutcome>[], key: string): Id<"order"> | undefined {
  let orderId: Id<"order"> | undefined;
  for (const answer of answers) {
    if (answer.kind !== "value" || !answer.value.ok) continue;
    const { orderId: answered } = answer.value.answer;
    if (orderId !== undefined && answered !== orderId)
      throw new Violation("a key stands for one order", `${key}: ${orderId} and ${answered}`);
    orderId = answered;
  }
  return orderId;
}
