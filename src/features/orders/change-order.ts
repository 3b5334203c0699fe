import { sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { AppError } from "#core/errors";
import { nextState } from "#core/state-machine";
import type { OrderEventType } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { type OrderStatus, type OrderTransition, orderTransitions } from "./rules.ts";
import { type OrderRow, insertHistory } from "./store.ts";

export type OrderChange = {
  /** Undefined when only the history grows and the status stays. */
  transition: OrderTransition | undefined;
  event: OrderEventType;
  /** Facts for the history: ids, codes and amounts. */
  data?: Record<string, unknown>;
  /** Gives the order its number. */
  numbered?: boolean;
  /** What has been given back in all, in minor units. */
  refunded?: number;
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

/**
 * The statements that move an order: its row, guarded by the version that was read, its history and its event. They
 * belong into one transaction; if somebody else moved the order first, it fails as a lost race and nothing happened.
 */
export function changeOrderStatements(
  context: Context,
  order: OrderRow,
  change: OrderChange,
): [BatchItem<"pg">, ...BatchItem<"pg">[]] {
  const { primary } = context.databases;
  const status = statusAfter(order, change.transition);
  const sequence = order.version + 1;
  const number = change.numbered ? sql`coalesce(number, nextval('order_numbers'))` : sql`number`;
  return [
    primary.execute(sql`
      with changed as (
        update orders set status = ${status}, number = ${number}, refunded = ${change.refunded ?? order.refunded}, version = ${sequence}, updated_at = now()
        where id = ${order.id} and version = ${order.version} returning 1)
      select expect_rows((select count(*) from changed), 1)`),
    insertHistory(context, order.id, { sequence, type: change.event, data: change.data ?? {} }),
    insertEvents(context, [
      { type: change.event, subject: order.id, data: { order_id: order.id, sequence, status } },
    ]),
  ];
}
