import { sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { AppError } from "#core/errors";
import { nextState } from "#core/state-machine";
import type { OrderChangeType } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { ordersAt } from "#platform/order-homes";
import { type OrderStatus, type OrderTransition, orderTransitions } from "./rules.ts";
import { type OrderRow, insertHistory } from "./store.ts";

export type OrderChange = {
  /** Undefined when only the history grows and the status stays. */
  transition: OrderTransition | undefined;
  event: OrderChangeType;
  /** Facts for the history: ids, codes and amounts. */
  data?: Record<string, unknown>;
  /** Gives the order its number. */
  numbered?: boolean;
  /** What has been given back in all, in minor units. */
  refunded?: number;
  /** Gives the buyer until then to pay. */
  payBy?: Date;
};

/**
 * The status that a change leads to.
 * @throws AppError invalid_transition when the order's status does not allow it.
 */
export function statusAfter(
  order: Pick<OrderRow, "status">,
  transition: OrderTransition | undefined,
): OrderStatus {
  if (transition === undefined) return order.status;
  const next = nextState(orderTransitions, order.status, transition);
  if (next === undefined)
    throw new AppError("invalid_transition", {
      detail: `An order that is ${order.status} cannot ${transition.replaceAll("_", " ")}.`,
      members: { status_of_order: order.status },
    });
  return next;
}

/** A change on its way: the statements for one transaction, and the order's row as they leave it. */
export type ChangedOrder = {
  /** So that a verb knows its answer before it commits; a number that the change gives is not in it yet. */
  readonly row: OrderRow;
  readonly statements: [BatchItem<"pg">, ...BatchItem<"pg">[]];
};

/**
 * Moves an order: its row, guarded by the version that was read, its history and its event. If somebody else moved the
 * order first, the transaction fails as a lost race and nothing happened.
 */
export function changeOrder(context: Context, order: OrderRow, change: OrderChange): ChangedOrder {
  const database = ordersAt(context, order.id);
  const row: OrderRow = {
    ...order,
    status: statusAfter(order, change.transition),
    refunded: change.refunded ?? order.refunded,
    holdExpiresAt: change.payBy ?? order.holdExpiresAt,
    version: order.version + 1,
    updatedAt: new Date(context.now()),
  };
  const { status, version: sequence } = row;
  const number = change.numbered ? sql`coalesce(number, nextval('order_numbers'))` : sql`number`;
  const statements: ChangedOrder["statements"] = [
    database.execute(sql`
      with changed as (
        update orders set status = ${status}, number = ${number}, refunded = ${row.refunded},
          hold_expires_at = ${row.holdExpiresAt.toISOString()}, version = ${sequence}, updated_at = ${row.updatedAt.toISOString()}
        where id = ${order.id} and version = ${order.version} returning 1)
      select expect_rows((select count(*) from changed), 1)`),
    insertHistory(context, order.id, { sequence, type: change.event, data: change.data ?? {} }),
    insertEvents(context, [
      { type: change.event, subject: order.id, data: { order_id: order.id, sequence, status } },
    ]),
  ];
  return { row, statements };
}

/** The statements of {@link changeOrder} alone, for those who read the order again. */
export function changeOrderStatements(
  context: Context,
  order: OrderRow,
  change: OrderChange,
): ChangedOrder["statements"] {
  return changeOrder(context, order, change).statements;
}
