import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { describeRoute } from "#http/describe-route";
import { needsKey, neededKeyErrors, ownerOf, writeOnceByKey } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { orderChangeErrors } from "#features/orders/schema";
import { listReturnsOfOrder } from "./list-returns.ts";
import { requestReturn } from "./request-return.ts";
import { RequestReturn, ReturnWire } from "./schema.ts";

export const returnRoutes = createRouter();

const orderParam = z.object({ id: idSchema("order") });
const orderToken = {
  "order-token": z.string().max(500).optional().openapi({ description: "A guest's key to the order." }),
};
const tags = ["returns"];

returnRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/orders/{id}/returns",
    tags,
    summary: "Ask to send goods of an order back",
    description: "Staff decide on it, and the buyer is told by mail. Money goes back by a refund of its own.",
    request: {
      params: orderParam,
      headers: z.object({ ...orderToken, ...needsKey }),
      body: jsonBody(RequestReturn),
    },
    responses: {
      201: json(ReturnWire, "The return, waiting for a decision."),
      ...problems(
        ...bodyErrors,
        ...neededKeyErrors,
        ...orderChangeErrors,
        "return_too_late",
        "return_exceeds_delivery",
      ),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const access = {
      orderId: request.req.valid("param").id,
      orderToken: request.req.valid("header")["order-token"],
    };
    const asked = { body: input, status: 201, owner: await ownerOf(access.orderToken) };
    const answer = await writeOnceByKey(request, asked, (context) => requestReturn(context, access, input));
    return request.json(answer, 201);
  },
);

returnRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/orders/{id}/returns",
    tags,
    summary: "The returns of an order, oldest first",
    request: { params: orderParam, headers: z.object(orderToken) },
    responses: {
      200: json(z.object({ data: z.array(ReturnWire) }), "All of them."),
      ...problems("not_found"),
    },
  }),
  async (request) => {
    const data = await listReturnsOfOrder(request.var.context, {
      orderId: request.req.valid("param").id,
      orderToken: request.req.valid("header")["order-token"],
    });
    return request.json({ data }, 200);
  },
);
