import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, json, jsonBody, problems } from "#http/openapi";
import { bulkChangeProducts } from "./bulk-products.ts";
import { BulkReport, BulkRequest, bulkProductsMax } from "./bulk-schema.ts";

export const catalogBulkRoutes = createRouter();

catalogBulkRoutes.openapi(
  describeRoute({
    tags: ["catalogue (staff)"],
    method: "post",
    path: "/admin/products/bulk",
    summary: "Make one change to many products",
    description: [
      `Publishes, archives, prices, tags or files up to ${bulkProductsMax} products in one transaction.`,
      "The report says of each what became of it; one that is refused stops no other.",
    ].join(" "),
    request: { headers: keyHeaders, body: jsonBody(BulkRequest) },
    responses: {
      200: json(BulkReport, "What became of each product"),
      ...problems("conflict", ...keyErrors),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const report = await writeOnce(request, { body: input, status: 200 }, (context) =>
      bulkChangeProducts(context, input),
    );
    request.header("Cache-Control", "private, no-store");
    return request.json(report, 200);
  },
);
