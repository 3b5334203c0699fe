import { AppError } from "#core/errors";
import { nextState } from "#core/state-machine";
import { toTimestamp, epochMs } from "#core/time";
import type { NewEvent, OrderEventType } from "#events/catalogue";
import { insertEvents } from "#events/record";
import { changeOrder } from "#features/orders/change-order";
import { requireOrder } from "#features/orders/require-order";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { ordersAt } from "#platform/order-homes";
import { presentReturn } from "./present-return.ts";
import { type ReturnTransition, awaitedUnits, linesBeyond, returnTransitions } from "./rules.ts";
import type { DecideReturn, ReceiveReturn, ReturnWire } from "./schema.ts";
import { type ReturnRow, changeReturn, findReturn } from "./store.ts";

/**
 * Lets the buyer send the goods back, and tells them by mail.
 * @throws AppError not_found, invalid_transition, conflict.
 */
export async function approveReturn(context: Context, id: string, input: DecideReturn): Promise<ReturnWire> {
  return moveReturn(context, id, {
    transition: "approve",
    event: "order.return_approved",
    change: () => ({ decisionNote: input.note ?? null }),
    news: ({ orderId }) => ({
      type: "return.decided",
      subject: id,
      data: { return_id: id, order_id: orderId },
    }),
  });
}

/**
 * Refuses a return, and tells the buyer by mail.
 * @throws AppError not_found, invalid_transition, conflict.
 */
export async function declineReturn(context: Context, id: string, input: DecideReturn): Promise<ReturnWire> {
  return moveReturn(context, id, {
    transition: "decline",
    event: "order.return_declined",
    change: () => ({ decisionNote: input.note ?? null }),
    news: ({ orderId }) => ({
      type: "return.decided",
      subject: id,
      data: { return_id: id, order_id: orderId },
    }),
  });
}

/**
 * Notes what has come back, and which units of it go back on sale; those reach the inventory once, by the outbox.
 * @throws AppError not_found, invalid_transition, return_exceeds_delivery, conflict.
 */
export async function receiveReturn(context: Context, id: string, input: ReceiveReturn): Promise<ReturnWire> {
  return moveReturn(context, id, {
    transition: "receive",
    event: "order.return_received",
    change: (row, at) => {
      refuseUnexpected(row, input);
      return { receipts: [...row.receipts, { at: toTimestamp(epochMs(at.getTime())), lines: input.lines }] };
    },
    news: ({ orderId, receipts }) => ({
      type: "return.received",
      subject: id,
      data: { return_id: id, order_id: orderId, receipt: receipts.length - 1 },
    }),
  });
}

/**
 * Ends a return: what has not come is waited for no longer, and may be asked for in a new one.
 * @throws AppError not_found, invalid_transition, conflict.
 */
export async function closeReturn(context: Context, id: string): Promise<ReturnWire> {
  return moveReturn(context, id, {
    transition: "close",
    event: "order.return_closed",
    change: () => ({}),
    news: () => undefined,
  });
}

/** The return, for staff. @throws AppError not_found. */
export async function requireReturn(context: Context, id: string): Promise<ReturnRow> {
  const row = await findReturn(context, id);
  if (row === undefined)
    throw new AppError("not_found", {
      detail: "There is no return with this id; GET /admin/returns lists them.",
    });
  return row;
}

type ReturnMove = {
  transition: ReturnTransition;
  event: Extract<OrderEventType, `order.return_${string}`>;
  change: (row: ReturnRow, at: Date) => Partial<Pick<ReturnRow, "decisionNote" | "receipts">>;
  /** What consumers hear of the return as it is then, besides the order's own event. */
  news: (row: ReturnRow) => NewEvent | undefined;
};

async function moveReturn(
  context: Context,
  id: string,
  { transition, event, change, news }: ReturnMove,
): Promise<ReturnWire> {
  const row = await requireReturn(context, id);
  const status = nextState(returnTransitions, row.status, transition);
  if (status === undefined)
    throw new AppError("invalid_transition", {
      detail: `A return that is ${row.status} cannot be ${pastOf[transition]}. ${nextOf[row.status]}`,
      members: { status_of_return: row.status },
    });
  const order = await requireOrder(context, row.orderId);
  const { row: changed, statements } = changeOrder(context, order, {
    transition: undefined,
    event,
    data: { return_id: id },
  });
  const at = changed.updatedAt;
  const after: ReturnRow = { ...row, ...change(row, at), status, version: row.version + 1, updatedAt: at };
  const told = news(after);
  const answer = presentReturn(after);
  await transact(ordersAt(context, id), [
    ...statements,
    changeReturn(context, after),
    ...(told === undefined ? [] : [insertEvents(context, [told])]),
    ...recordAnswer(context, answer),
  ]);
  context.wakeOutbox();
  return answer;
}

const pastOf: Record<ReturnTransition, string> = {
  approve: "approved",
  decline: "declined",
  receive: "received",
  close: "closed",
};

const nextOf: Record<ReturnRow["status"], string> = {
  requested: "Approve or decline it first.",
  approved: "Receive what has come, or close it.",
  received: "Receive what has come besides, or close it.",
  declined: "It is over; the buyer may ask for another.",
  closed: "It is over; open another for what comes later.",
};

function refuseUnexpected(row: ReturnRow, { lines }: ReceiveReturn): void {
  const beyond = linesBeyond(lines, awaitedUnits(row));
  if (beyond.length === 0) return;
  throw new AppError("return_exceeds_delivery", {
    detail:
      "More came back than this return still waits for; lower the quantities named in errors and open another return for the rest.",
    errors: beyond.map(({ at, left }) => ({
      pointer: `/lines/${at}`,
      code: "too_many",
      detail: `${left} units of this line are awaited.`,
    })),
  });
}
