import { AppError } from "#core/errors";
import { idSchema } from "#core/ids";
import type { Context } from "#platform/context";
import { openToken, signToken } from "#platform/signed-tokens";
import { presentOrder } from "./present-order.ts";
import type { AllOrdersQuery, OrdersPage, OrdersQuery } from "./schema.ts";
import { selectPageOfOrders } from "./store.ts";

const OrderId = idSchema("order");

/**
 * A page of the user's own orders, newest first.
 * @throws AppError unauthenticated, invalid_cursor.
 */
export async function listOwnOrders(context: Context, query: OrdersQuery): Promise<OrdersPage> {
  const { principal } = context;
  if (principal.kind !== "user")
    throw new AppError("unauthenticated", {
      detail: "Sign in; guests read their order with its Order-Token.",
    });
  return listOrders(context, query, { purpose: principal.userId, userId: principal.userId });
}

/** A page of everybody's orders, or of one customer's, or of one guest's, for staff. */
export async function listAllOrders(context: Context, query: AllOrdersQuery): Promise<OrdersPage> {
  const { customer_id: userId, guest_email: guestEmail } = query;
  return listOrders(context, query, {
    purpose: "everybody",
    ...(userId === undefined ? {} : { userId }),
    ...(guestEmail === undefined ? {} : { guestEmail }),
  });
}

type Whose = { purpose: string; userId?: string; guestEmail?: string };

async function listOrders(
  context: Context,
  query: OrdersQuery,
  { purpose, ...whose }: Whose,
): Promise<OrdersPage> {
  const beforeId = query.after === undefined ? undefined : await openCursor(context, purpose, query.after);
  const rows = await selectPageOfOrders(context, {
    ...whose,
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(beforeId === undefined ? {} : { beforeId }),
    from: query.include_archived === "true" ? "everywhere" : "hot",
    rowsMax: query.limit + 1,
  });
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const hasMore = rows.length > query.limit;
  return {
    data: page.map(presentOrder),
    has_more: hasMore,
    next_cursor:
      hasMore && last ? await signToken(context.settings, "cursor", `orders ${purpose} ${last.id}`) : null,
  };
}

async function openCursor(context: Context, purpose: string, cursor: string): Promise<string> {
  const [list, owner, id] = ((await openToken(context.settings, "cursor", cursor)) ?? "").split(" ");
  const parsed = OrderId.safeParse(id);
  if (list !== "orders" || owner !== purpose || !parsed.success)
    throw new AppError("invalid_cursor", { detail: "Begin again without `after`." });
  return parsed.data;
}
