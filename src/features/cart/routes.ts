import { z } from "@hono/zod-openapi";
import { AppError } from "#core/errors";
import type { AppRequest } from "#http/app-types";
import { describeRoute } from "#http/describe-route";
import { idempotentRequestOf } from "#http/idempotency";
import { createRouter, idempotencyKey, json, jsonBody, problems } from "#http/openapi";
import { mergeGuestCart } from "./adopt-guest.ts";
import { type CartAccess, findCart, findOrBeginCart } from "./cart-access.ts";
import { type ChangedCart, addToCart, changeLine, readCart } from "./change-cart.ts";
import { AddToCart, CartWire, ChangeLine } from "./schema.ts";

export const cartRoutes = createRouter();

const cartHeaders = z.object({
  "cart-token": z.string().max(500).optional().openapi({ description: "A guest's key to the cart." }),
});
const writeHeaders = cartHeaders.extend({ "idempotency-key": idempotencyKey.optional() });
const lineParam = z.object({ id: z.string().max(64).openapi({ description: "The line's id." }) });
const cartAnswer = { 200: json(CartWire, "The cart.") };

cartRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/cart",
    tags: ["cart"],
    summary: "Add units of a variant; a guest without a cart gets one",
    request: { headers: writeHeaders, body: jsonBody(AddToCart) },
    responses: {
      ...cartAnswer,
      ...problems("malformed_json", "variant_unavailable", "cart_full", "idempotency_key_reused"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const { context } = request.var;
    const access = await findOrBeginCart(context, request.req.valid("header")["cart-token"]);
    const key = await idempotentRequestOf(request, input, access.cartId);
    const changed = await addToCart(context, access, {
      variantId: input.variant_id,
      quantity: input.quantity,
      key,
    });
    return request.json(reply(request, access, changed), 200);
  },
);

cartRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/cart",
    tags: ["cart"],
    summary: "The cart with its quote",
    request: { headers: cartHeaders },
    responses: { ...cartAnswer, ...problems("not_found") },
  }),
  async (request) => {
    const access = await requireCart(request, request.req.valid("header")["cart-token"]);
    return request.json(await readCart(request.var.context, access), 200);
  },
);

cartRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/cart/merge",
    tags: ["cart"],
    summary: "Take a guest's cart and orders over into the account",
    description:
      "A sign-in that carries `Cart-Token` does this by itself. Of a variant in both carts the greater quantity stays; " +
      "lines beyond the cart's limit stay in the guest's cart. Safe to repeat.",
    request: { headers: cartHeaders },
    responses: cartAnswer,
  }),
  async (request) => {
    const { context } = request.var;
    const cart = await mergeGuestCart(context, request.req.valid("header")["cart-token"]);
    return request.json(cart, 200);
  },
);

const lineProblems = problems("malformed_json", "not_found", "cart_full", "idempotency_key_reused");

cartRoutes.openapi(
  describeRoute({
    method: "patch",
    path: "/cart/{id}",
    tags: ["cart"],
    summary: "Change a line's quantity; zero removes the line",
    request: { params: lineParam, headers: writeHeaders, body: jsonBody(ChangeLine) },
    responses: { ...cartAnswer, ...lineProblems },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const access = await requireCart(request, request.req.valid("header")["cart-token"]);
    const key = await idempotentRequestOf(request, input, access.cartId);
    const lineId = request.req.valid("param").id;
    const changed = await changeLine(request.var.context, access, { lineId, quantity: input.quantity, key });
    return request.json(reply(request, access, changed), 200);
  },
);

cartRoutes.openapi(
  describeRoute({
    method: "delete",
    path: "/cart/{id}",
    tags: ["cart"],
    summary: "Remove a line",
    request: { params: lineParam, headers: writeHeaders },
    responses: { ...cartAnswer, ...lineProblems },
  }),
  async (request) => {
    const access = await requireCart(request, request.req.valid("header")["cart-token"]);
    const key = await idempotentRequestOf(request, {}, access.cartId);
    const lineId = request.req.valid("param").id;
    const changed = await changeLine(request.var.context, access, { lineId, quantity: 0, key });
    return request.json(reply(request, access, changed), 200);
  },
);

async function requireCart(request: AppRequest, token: string | undefined): Promise<CartAccess> {
  const access = await findCart(request.var.context, token);
  if (access === undefined)
    throw new AppError("not_found", { detail: "Send Cart-Token, or begin a cart with POST /cart." });
  return access;
}

function reply(request: AppRequest, access: CartAccess, { cart, replayed }: ChangedCart): CartWire {
  if (access.token !== undefined) request.header("Cart-Token", access.token);
  if (replayed) request.header("Idempotent-Replayed", "true");
  return cart;
}
