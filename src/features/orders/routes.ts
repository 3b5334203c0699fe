import { z } from "@hono/zod-openapi";
import { AppError } from "#core/errors";
import { idSchema } from "#core/ids";
import { findCart } from "#features/cart/cart-access";
import { describeRoute } from "#http/describe-route";
import {
  acceptsKey,
  keyErrors,
  needsKey,
  neededKeyErrors,
  ownerOf,
  requireIdempotentRequest,
  writeOnce,
} from "#http/idempotency";
import { createRouter, json, jsonBody, problems } from "#http/openapi";
import { markReplay } from "#http/reply";
import { cancelOrder } from "./end-order.ts";
import { guestTokenOf } from "./guest-token.ts";
import { listOwnOrders } from "./list-orders.ts";
import { placeOrder } from "./place-order.ts";
import { presentOrder } from "./present-order.ts";
import { readHistory } from "./read-history.ts";
import { readOwnOrder } from "./read-own-order.ts";
import {
  OrderEventWire,
  OrderWire,
  OrdersPage,
  OrdersQuery,
  PlaceOrder,
  orderChangeErrors,
} from "./schema.ts";

export const orderRoutes = createRouter();

const orderParam = z.object({ id: idSchema("order") });
const orderHeaders = z.object({
  "order-token": z.string().max(500).optional().openapi({ description: "A guest's key to the order." }),
});

orderRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/orders",
    tags: ["orders"],
    summary: "Order what is in the cart; stock is held until the time to pay is over",
    request: {
      headers: z.object({
        "cart-token": z.string().max(500).optional(),
        ...needsKey,
      }),
      body: jsonBody(PlaceOrder),
    },
    responses: {
      201: json(OrderWire, "The order, waiting for payment."),
      ...problems(
        "malformed_json",
        ...neededKeyErrors,
        "shard_moving",
        "unauthenticated",
        "not_found",
        "cart_empty",
        "price_changed",
        "variant_unavailable",
        "insufficient_stock",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const { context } = request.var;
    const cart = await findCart(context, request.req.valid("header")["cart-token"]);
    const idempotent = await requireIdempotentRequest(request, input, cart?.cartId);
    if (cart === undefined) throw new AppError("cart_empty", { detail: "Begin a cart with POST /cart." });
    const outcome = await placeOrder(context, {
      cartId: cart.cartId,
      request: { ...idempotent, beside: cart.cartId },
      input,
    });
    markReplay(request, outcome);
    return request.json({ ...outcome.body, ...(await guestTokenOf(context, outcome.body.id)) }, 201);
  },
);

orderRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/orders",
    tags: ["orders"],
    summary: "My orders, newest first",
    request: { query: OrdersQuery },
    responses: {
      200: json(OrdersPage, "A page of orders."),
      ...problems("invalid_cursor"),
    },
  }),
  async (request) => request.json(await listOwnOrders(request.var.context, request.req.valid("query")), 200),
);

orderRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/orders/{id}",
    tags: ["orders"],
    summary: "An order as it stands",
    request: { params: orderParam, headers: orderHeaders },
    responses: {
      200: json(OrderWire, "The order."),
      ...problems("not_found"),
    },
  }),
  async (request) => {
    const order = await readOwnOrder(request.var.context, {
      orderId: request.req.valid("param").id,
      orderToken: request.req.valid("header")["order-token"],
    });
    request.header("ETag", `"v${order.version}"`);
    return request.json(presentOrder(order), 200);
  },
);

orderRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/orders/{id}/events",
    tags: ["orders"],
    summary: "What has happened to an order",
    request: { params: orderParam, headers: orderHeaders },
    responses: {
      200: json(z.object({ data: z.array(OrderEventWire) }), "The history, oldest first."),
      ...problems("not_found"),
    },
  }),
  async (request) => {
    const data = await readHistory(request.var.context, {
      orderId: request.req.valid("param").id,
      orderToken: request.req.valid("header")["order-token"],
    });
    return request.json({ data }, 200);
  },
);

orderRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/orders/{id}/cancel",
    tags: ["orders"],
    summary: "Cancel an order that is not paid yet",
    request: { params: orderParam, headers: orderHeaders.extend(acceptsKey) },
    responses: {
      200: json(OrderWire, "The cancelled order."),
      ...problems(...keyErrors, ...orderChangeErrors, "payment_outcome_unknown"),
    },
  }),
  async (request) => {
    const orderId = request.req.valid("param").id;
    const orderToken = request.req.valid("header")["order-token"];
    const asked = { status: 200, owner: await ownerOf(orderToken) };
    const order = await writeOnce(request, asked, (context) => cancelOrder(context, { orderId, orderToken }));
    return request.json(order, 200);
  },
);
