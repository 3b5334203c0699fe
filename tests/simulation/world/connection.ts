import { AppError } from "#core/errors";
import type { StockObjects } from "#features/orders/stock-claims";
import type { Channel, Process } from "../network.ts";
import { calls } from "./calls.ts";
import type { Order } from "./rows.ts";
import type { World } from "./world.ts";

/** What one process reaches over the network, every call of it subject to all that can go wrong. */
export class Connection {
  readonly world: World;
  readonly process: Process;

  constructor(world: World, process: Process) {
    this.world = world;
    this.process = process;
  }

  /** By this machine's clock. */
  get now(): number {
    return this.world.scheduler.now + this.process.skewMs;
  }

  call<Reply>(asked: Channel, effect: () => Reply): Promise<Reply> {
    return this.world.network.call(this.process, asked, effect);
  }

  load(orderId: string): Promise<Order | undefined> {
    return this.call(calls.load, () => this.world.database.load(orderId));
  }

  /** @throws AppError not_found. */
  async require(orderId: string): Promise<Order> {
    const order = await this.load(orderId);
    if (order === undefined) throw new AppError("not_found");
    return order;
  }

  readonly stock: StockObjects = (sku) => ({
    reserve: (command) => this.call(calls.reserve, () => this.world.sku(sku).reserve(command)),
    release: (command) => this.call(calls.release, () => this.world.sku(sku).release(command)),
    commit: (command) => this.call(calls.commit, () => this.world.sku(sku).commit(command)),
    revert: (command) => this.call(calls.revert, () => this.world.sku(sku).revert(command)),
  });
}
