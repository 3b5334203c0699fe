import type { Process } from "../network.ts";
import { Connection } from "./connection.ts";
import { OrderFlows } from "./order-flows.ts";
import { PaymentFlows } from "./payment-flows.ts";
import { RefundFlows } from "./refund-flows.ts";
import type { World } from "./world.ts";

/** The production flows of one process, with every port over the network. */
export class Shop {
  readonly orders: OrderFlows;
  readonly payments: PaymentFlows;
  readonly refunds: RefundFlows;

  constructor(world: World, process: Process) {
    const connection = new Connection(world, process);
    this.refunds = new RefundFlows(connection);
    this.payments = new PaymentFlows(connection, this.refunds);
    this.orders = new OrderFlows(connection, this.payments);
  }
}
