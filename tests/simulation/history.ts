import { Buyer } from "./buyers.ts";
import { Violation } from "./network.ts";
import { checkRest } from "./rest.ts";
import { Deliveries } from "./world/deliveries.ts";
import { World } from "./world/world.ts";

/** Events after which a history that has not come to rest never will. */
const eventsMax = 20_000;
/** When the faults end. */
const stormMs = 30 * 60_000;
const longStormMs = 140 * 60_000;

export type Verdict = { seed: number; events: number; violation: Violation | undefined };

/** Lives one history: all of it follows from the seed. */
export async function runHistory(seed: number, trace?: (line: string) => void): Promise<Verdict> {
  const world = new World(seed, trace);
  try {
    await live(world);
    return { seed, events: world.scheduler.eventCount, violation: undefined };
  } catch (error) {
    const violation =
      error instanceof Violation
        ? error
        : new Violation(
            "the simulator itself works",
            error instanceof Error ? (error.stack ?? error.message) : "",
          );
    trace?.(`VIOLATION ${violation.message}`);
    return { seed, events: world.scheduler.eventCount, violation };
  }
}

async function live(world: World): Promise<void> {
  const { random, scheduler } = world;
  const deliveries = new Deliveries(world);
  for (const sku of ["tent", "lamp", "mug"].slice(0, random.between(1, 3)))
    world.stockSku(sku, random.between(1, 6), random.between(1, 5_000));
  for (let buyer = random.between(1, 6); buyer > 0; buyer--)
    start(world, new Buyer(world, `buyer ${buyer}`).shop());
  start(world, tendShop(world));
  start(world, claim(world));
  scheduler.after(world.network.outage?.of === "provider" ? longStormMs : stormMs, () => world.clearUp());
  await rest(world, deliveries);
  await buyRemainder(world, deliveries);
}

/** Staff receive, lose and recount units, and change prices. */
async function tendShop(world: World): Promise<void> {
  const { random, scheduler, climate } = world;
  for (let count = random.below(5); count > 0; count--) {
    await scheduler.sleep(random.below(6 * 60_000));
    for (const [sku, model] of world.inventory) {
      if (random.chance(climate.priceChange)) world.prices.set(sku, random.between(1, 5_000));
      if (!random.chance(0.4)) continue;
      const id = world.newId("adj");
      const type = random.pick(["receive", "shrink", "recount"] as const);
      const expectedVersion = model.stock.seq - (random.chance(0.3) ? 1 : 0);
      const command = { id, movementId: id, type, quantity: random.between(1, 3), reason: "staff" };
      const adjustment = type === "recount" ? { ...command, expectedVersion } : command;
      const first = model.adjust(adjustment);
      const again = model.adjust(adjustment);
      const counted = model.stock.onHand - model.stock.sold;
      if (type === "recount" && first.ok && counted !== command.quantity)
        throw new Violation("a recount finds what was counted", JSON.stringify(model.stock));
      if (
        first.ok !== again.ok ||
        model.stock.seq !== (first.ok ? first.movement.stock.seq : model.stock.seq)
      )
        throw new Violation("an adjustment counts once", JSON.stringify(adjustment));
    }
  }
}

/** A client of the inventory objects that sends its commands in any order and any number, and gives all back. */
async function claim({ random, scheduler, inventory }: World): Promise<void> {
  for (let count = random.below(4); count > 0; count--) {
    await scheduler.sleep(random.below(5 * 60_000));
    for (const [sku, model] of inventory) {
      const id = `claim ${count} on ${sku}`;
      let ended = false;
      for (let commands = random.between(1, 4); commands > 0; commands--) {
        const what = random.pick(["reserve", "release", "commit", "revert"] as const);
        if (what === "reserve") model.reserve({ type: what, id, quantity: 1, holdMs: 600_000 });
        else if (what === "commit") model.commit({ type: what, id });
        else if (what === "revert") ended = model.revert({ type: what, id }).ok;
        else ended = model.release({ type: what, id }).ok || ended;
        if (ended && model.reservation(id)?.status !== "released")
          throw new Violation("an ended claim stays ended", `${id} is ${model.reservation(id)?.status}`);
      }
      model.revert({ type: "revert", id });
    }
  }
}

async function rest(world: World, deliveries: Deliveries): Promise<void> {
  deliveries.startSweeping();
  const outcome = await world.scheduler.runToRest(eventsMax, () => {
    if (world.network.violation) throw world.network.violation;
  });
  if (outcome === "too_many_events") throw new Violation("everything comes to rest", "it goes on and on");
  checkRest(world);
}

/** A last buyer of each SKU gets exactly what is left, and the next one nothing. */
async function buyRemainder(world: World, deliveries: Deliveries): Promise<void> {
  for (const sku of world.inventory.keys()) {
    const left = world.sku(sku).available;
    const bought: (boolean | undefined)[] = [];
    const probe = async () => {
      if (left > 0) bought.push((await new Buyer(world, `last of ${sku}`).buy(sku, left))?.ok);
      bought.push((await new Buyer(world, `too late for ${sku}`).buy(sku, 1))?.ok);
    };
    start(world, probe());
    await rest(world, deliveries);
    const expected = left > 0 ? [true, false] : [false];
    if (bought.join() !== expected.join() || world.sku(sku).available !== 0)
      throw new Violation("a last order buys exactly the remainder", `${left} of ${sku}: ${bought.join()}`);
  }
}

function start(world: World, actor: Promise<void>): void {
  actor.catch((error: unknown) => {
    world.network.violation ??= error instanceof Error ? error : new Error("an actor threw no error");
  });
}
