import { z } from "@hono/zod-openapi";
import { requireRecentSignIn } from "#http/auth";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, json, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { listCustomers, readCustomer } from "./directory.ts";
import { CustomerId, CustomerSummary, CustomerWire, customerFilters } from "./directory-schema.ts";
import {
  disableCustomer,
  enableCustomer,
  forgetFactorsOfCustomer,
  resetPasswordOfCustomer,
  signCustomerOut,
} from "./help-customer.ts";

/** How the shop's people find and help customers. */
export const customerAdminRoutes = createRouter();

const tags = ["customers (staff)"];
const customerParam = z.object({ id: CustomerId });
const customerAnswer = { 200: json(CustomerWire, "The customer as things stand now.") };

customerAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/customers",
    summary: "Customers, the newest first",
    description:
      "Each look is written into the audit log. A customer's orders: `GET /admin/orders?customer_id=…`.",
    request: { query: z.strictObject({ ...pageQuery, ...customerFilters }) },
    responses: {
      200: json(pageOf(CustomerSummary), "A page of customers."),
      ...problems("invalid_cursor"),
    },
  }),
  async (request) => {
    const query = request.req.valid("query");
    const page = await listCustomers(request.var.context, query, pageRequestOf(query));
    return request.json(
      pageToWire(page, (customer) => customer),
      200,
    );
  },
);

customerAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/customers/{id}",
    summary: "A customer with addresses, ways to sign in and orders in short",
    description: "Each look is written into the audit log.",
    request: { params: customerParam },
    responses: { ...customerAnswer, ...problems("not_found") },
  }),
  async (request) =>
    request.json(await readCustomer(request.var.context, request.req.valid("param").id), 200),
);

customerAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/admin/customers/{id}/sessions",
    summary: "Sign a customer out everywhere",
    request: { params: customerParam },
    responses: { 204: { description: "Every session has ended." }, ...problems("not_found") },
  }),
  async (request) => {
    await signCustomerOut(request.var.context, request.req.valid("param").id);
    return request.body(null, 204);
  },
);

customerAdminRoutes.openapi(
  describeRoute({
    middleware: requireRecentSignIn,
    tags,
    method: "delete",
    path: "/admin/customers/{id}/second-factors",
    summary: "Take lost second factors from a customer: authenticator app, recovery codes and passkeys",
    description:
      "For an owner who can no longer sign in. Ends every session, and tells the owner by mail. Whoever has the password then gets in, so make sure who asks; it needs a recent proof of who you are. Without factors nothing happens.",
    request: { params: customerParam },
    responses: {
      204: { description: "The account asks for no second factor, and has no passkey." },
      ...problems("step_up_required", "not_found", "conflict"),
    },
  }),
  async (request) => {
    await forgetFactorsOfCustomer(request.var.context, request.req.valid("param").id);
    return request.body(null, 204);
  },
);

customerAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/customers/{id}/password-reset",
    summary: "Mail a customer the way to a new password",
    description: "The mail goes to the account's address; its code is shown to nobody else.",
    request: { params: customerParam, headers: keyHeaders },
    responses: {
      202: json(z.object({}), "The mail is on its way."),
      ...problems(...keyErrors, "not_found", "rate_limited"),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const answer = await writeOnce(request, { status: 202 }, async (context) => {
      await resetPasswordOfCustomer(context, id);
      return {};
    });
    return request.json(answer, 202);
  },
);

for (const { act, summary, change } of [
  { act: "disable", summary: "Sign a customer out and let nobody sign in", change: disableCustomer },
  { act: "enable", summary: "Let a disabled customer sign in again", change: enableCustomer },
] as const)
  customerAdminRoutes.openapi(
    describeRoute({
      tags,
      method: "post",
      path: `/admin/customers/{id}/${act}`,
      summary,
      request: { params: customerParam, headers: keyHeaders },
      responses: { ...customerAnswer, ...problems(...keyErrors, "not_found") },
    }),
    async (request) => {
      const { id } = request.req.valid("param");
      const customer = await writeOnce(request, { status: 200 }, (context) => change(context, id));
      return request.json(customer, 200);
    },
  );
