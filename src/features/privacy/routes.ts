import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { requireRecentSignIn } from "#http/auth";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { giveConsent, readConsents } from "./consents.ts";
import { eraseCustomer, eraseGuest, eraseOwnAccount } from "./erase-data.ts";
import { exportOwnData } from "./export-data.ts";
import { ConsentPurpose, ConsentWire, ErasureWire, GiveConsent, GuestSubject } from "./schema.ts";

export const privacyRoutes = createRouter();

privacyRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/customers/me/consents",
    tags: ["privacy"],
    summary: "What I agreed to, purpose by purpose",
    responses: { 200: json(z.object({ data: z.array(ConsentWire) }), "Every purpose."), ...problems() },
  }),
  async (request) => request.json({ data: await readConsents(request.var.context) }, 200),
);

privacyRoutes.openapi(
  describeRoute({
    method: "put",
    path: "/customers/me/consents/{purpose}",
    tags: ["privacy"],
    summary: "Agree, or take it back; every answer stays in the history",
    request: {
      params: z.object({ purpose: ConsentPurpose }),
      headers: keyHeaders,
      body: jsonBody(GiveConsent),
    },
    responses: {
      200: json(ConsentWire, "What counts now."),
      ...problems(...bodyErrors, ...keyErrors, "unauthenticated"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const { purpose } = request.req.valid("param");
    const consent = await writeOnce(request, { body: input, status: 200 }, (context) =>
      giveConsent(context, purpose, input),
    );
    return request.json(consent, 200);
  },
);

privacyRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/customers/me/export",
    tags: ["privacy"],
    summary: "Everything that is kept of me, as a file",
    responses: {
      200: {
        description:
          "JSON Lines: the account with its sign-ins, consents and cart, then each order with its history, and at last a line that says how many orders there were: without it, the file is not whole.",
        content: { "text/jsonl": { schema: z.string() } },
      },
      ...problems(),
    },
  }),
  async (request) => {
    const body = await exportOwnData(request.var.context);
    return new Response(body, {
      headers: {
        "content-type": "text/jsonl; charset=utf-8",
        "content-disposition": 'attachment; filename="my-data.jsonl"',
        "cache-control": "private, no-store",
      },
    });
  },
);

privacyRoutes.openapi(
  describeRoute({
    method: "delete",
    path: "/customers/me",
    tags: ["privacy"],
    summary: "Erase my account and everything personal",
    description:
      "What accounting must keep stays, without a name: lines, amounts, numbers and countries of orders. Repeating it does no harm.",
    responses: {
      200: json(ErasureWire, "It is done."),
      ...problems("forbidden", "orders_in_progress", "shard_moving"),
    },
  }),
  async (request) => request.json(await eraseOwnAccount(request.var.context), 200),
);

privacyRoutes.openapi(
  describeRoute({
    middleware: requireRecentSignIn,
    method: "delete",
    path: "/admin/customers/{id}",
    tags: ["privacy"],
    summary: "Erase a customer's account and everything personal, on the customer's request",
    description:
      "As DELETE /customers/me does. It cannot be undone, so it asks for a recent proof of who you are.",
    request: { params: z.object({ id: idSchema("user") }), headers: keyHeaders },
    responses: {
      200: json(ErasureWire, "It is done."),
      ...problems(...keyErrors, "step_up_required", "not_found", "orders_in_progress", "shard_moving"),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const erasure = await writeOnce(request, { status: 200 }, (context) => eraseCustomer(context, id));
    return request.json(erasure, 200);
  },
);

privacyRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/admin/privacy/guest-erasures",
    tags: ["privacy"],
    summary: "Erase everything personal of somebody who ordered as a guest",
    request: { headers: keyHeaders, body: jsonBody(GuestSubject) },
    responses: {
      200: json(ErasureWire, "It is done."),
      ...problems(...bodyErrors, ...keyErrors, "not_found", "orders_in_progress", "shard_moving"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const erasure = await writeOnce(request, { body: input, status: 200 }, (context) =>
      eraseGuest(context, input.email),
    );
    return request.json(erasure, 200);
  },
);
