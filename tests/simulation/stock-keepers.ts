import { Violation } from "./network.ts";
import type { World } from "./world/world.ts";

/** Staff receive, lose and recount units, and change prices. */
export async function tendShop(world: World): Promise<void> {
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
export async function claim({ random, scheduler, inventory }: World): Promise<void> {
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

/** A client whose holds have run out before it commits, once and again; whatever it gets it gives back. */
export async function claimLate({ random, scheduler, inventory }: World): Promise<void> {
  for (let count = random.below(3); count > 0; count--) {
    await scheduler.sleep(random.below(5 * 60_000));
    const claims = [...inventory].map(([sku, model]) => ({ model, id: `late claim ${count} on ${sku}` }));
    for (const { model, id } of claims)
      model.reserve({ type: "reserve", id, quantity: random.between(1, 3), holdMs: 20_000 });
    for (let commits = 3; commits > 0; commits--) {
      await scheduler.sleep(random.between(30_000, 12 * 60_000));
      for (const { model, id } of claims) model.commit({ type: "commit", id });
    }
    for (const { model, id } of claims) model.revert({ type: "revert", id });
  }
}
