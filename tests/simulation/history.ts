import { Buyer } from "./buyers.ts";
import { Violation } from "./network.ts";
import { checkRest } from "./rest.ts";
import { Staff } from "./staff.ts";
import { claim, claimLate, tendShop } from "./stock-keepers.ts";
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

type Shop = { readonly world: World; readonly deliveries: Deliveries; readonly staff: Staff };

async function live(world: World): Promise<void> {
  const { random, scheduler } = world;
  const deliveries = new Deliveries(world);
  for (const sku of ["tent", "lamp", "mug"].slice(0, random.between(1, 3)))
    world.stockSku(sku, random.between(1, 6), random.between(1, 5_000));
  for (let buyer = random.between(1, 6); buyer > 0; buyer--)
    start(world, new Buyer(world, `buyer ${buyer}`).shop());
  const staff = new Staff(world);
  start(world, tendShop(world));
  start(world, claim(world));
  start(world, claimLate(world));
  start(world, staff.refund());
  start(world, staff.receivePayments());
  scheduler.after(world.network.outage?.of === "provider" ? longStormMs : stormMs, () => world.clearUp());
  const shop = { world, deliveries, staff };
  await rest(shop);
  await buyRemainder(shop);
}

/** Until nothing happens by itself any more, and staff have given back what the shop could not. */
async function rest({ world, deliveries, staff }: Shop): Promise<void> {
  for (let toDo = true; toDo;) {
    deliveries.startSweeping();
    const outcome = await world.scheduler.runToRest(eventsMax, () => {
      if (world.network.violation) throw world.network.violation;
    });
    if (outcome === "too_many_events") throw new Violation("everything comes to rest", "it goes on and on");
    toDo = staff.hasToGiveBack;
    if (toDo) start(world, staff.giveBack());
  }
  checkRest(world);
}

/** A last buyer of each SKU gets exactly what is left, and the next one nothing. */
async function buyRemainder(shop: Shop): Promise<void> {
  const { world } = shop;
  for (const sku of world.inventory.keys()) {
    const left = world.sku(sku).available;
    const bought: (boolean | undefined)[] = [];
    const probe = async () => {
      if (left > 0) bought.push((await new Buyer(world, `last of ${sku}`).buy(sku, left))?.ok);
      bought.push((await new Buyer(world, `too late for ${sku}`).buy(sku, 1))?.ok);
    };
    start(world, probe());
    await rest(shop);
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
