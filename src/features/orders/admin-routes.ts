import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, optionalJsonBody, problems } from "#http/openapi";
import { cancelAnyOrder } from "./end-order.ts";
import { fulfilOrder } from "./fulfil-order.ts";
import { listAllOrders } from "./list-orders.ts";
import { cancelParcel, deliverParcel, shipParcel } from "./move-parcel.ts";
import { presentOrder } from "./present-order.ts";
import { readAnyOrder } from "./require-order.ts";
import {
  AllOrdersQuery,
  FulfilOrder,
  OrderWire,
  OrdersPage,
  ShipFulfilment,
  orderChangeErrors,
} from "./schema.ts";

export const orderAdminRoutes = createRouter();

const tags = ["orders (staff)"];

const orderParam = z.object({ id: idSchema("order") });
const parcelParam = orderParam.extend({ fulfilment_id: idSchema("fulfilment") });
const orderAnswer = { 200: json(OrderWire, "The order as it stands now.") };

orderAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/orders",
    summary: "All orders, newest first",
    request: { query: AllOrdersQuery },
    responses: {
      200: json(OrdersPage, "A page of orders."),
      ...problems("not_found", "invalid_cursor"),
    },
  }),
  async (request) => request.json(await listAllOrders(request.var.context, request.req.valid("query")), 200),
);

orderAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/orders/{id}",
    summary: "Any order",
    request: { params: orderParam },
    responses: { ...orderAnswer, ...problems("not_found") },
  }),
  async (request) => {
    const order = await readAnyOrder(request.var.context, request.req.valid("param").id);
    return request.json(presentOrder(order), 200);
  },
);

orderAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/orders/{id}/cancel",
    summary: "Cancel an order whose money is not there yet",
    request: { params: orderParam, headers: keyHeaders },
    responses: {
      ...orderAnswer,
      ...problems(...orderChangeErrors, ...keyErrors, "payment_outcome_unknown"),
    },
  }),
  async (request) => {
    const orderId = request.req.valid("param").id;
    const order = await writeOnce(request, { status: 200 }, (context) => cancelAnyOrder(context, orderId));
    return request.json(order, 200);
  },
);

orderAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/orders/{id}/fulfilments",
    summary: "Pack lines into a parcel",
    request: { params: orderParam, headers: keyHeaders, body: optionalJsonBody(FulfilOrder) },
    responses: {
      201: json(OrderWire, "The order with the new fulfilment."),
      ...problems(...orderChangeErrors, ...keyErrors, ...bodyErrors),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const input = request.req.valid("json");
    const order = await writeOnce(request, { body: input, status: 201 }, (context) =>
      fulfilOrder(context, id, input),
    );
    return request.json(order, 201);
  },
);

orderAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/orders/{id}/fulfilments/{fulfilment_id}/ship",
    summary: "Hand a parcel to a carrier",
    request: { params: parcelParam, headers: keyHeaders, body: jsonBody(ShipFulfilment) },
    responses: {
      ...orderAnswer,
      ...problems(...orderChangeErrors, ...keyErrors, ...bodyErrors),
    },
  }),
  async (request) => {
    const { id: orderId, fulfilment_id: fulfilmentId } = request.req.valid("param");
    const input = request.req.valid("json");
    const order = await writeOnce(request, { body: input, status: 200 }, (context) =>
      shipParcel(context, { orderId, fulfilmentId }, input),
    );
    return request.json(order, 200);
  },
);

for (const { path, summary, move } of [
  {
    path: "/admin/orders/{id}/fulfilments/{fulfilment_id}/deliver",
    summary: "Note that a parcel has arrived",
    move: deliverParcel,
  },
  {
    path: "/admin/orders/{id}/fulfilments/{fulfilment_id}/cancel",
    summary: "Take a parcel apart that is not shipped yet",
    move: cancelParcel,
  },
] as const)
  orderAdminRoutes.openapi(
    describeRoute({
      tags,
      method: "post",
      path,
      summary,
      request: { params: parcelParam, headers: keyHeaders },
      responses: {
        ...orderAnswer,
        ...problems(...orderChangeErrors, ...keyErrors),
      },
    }),
    async (request) => {
      const { id: orderId, fulfilment_id: fulfilmentId } = request.req.valid("param");
      const order = await writeOnce(request, { status: 200 }, (context) =>
        move(context, { orderId, fulfilmentId }),
      );
      return request.json(order, 200);
    },
  );
