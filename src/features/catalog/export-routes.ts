import { z } from "@hono/zod-openapi";
import { describeRoute } from "#http/describe-route";
import { createRouter, problems } from "#http/openapi";
import { ProductStatus } from "./document.ts";
import { exportProducts } from "./export-products.ts";

export const catalogExportRoutes = createRouter();

const mediaTypes = { csv: "text/csv", json_lines: "application/x-ndjson" } as const;
const fileNames = { csv: "products.csv", json_lines: "products.jsonl" } as const;

const exportRoute = describeRoute({
  tags: ["catalogue (staff)"],
  method: "get",
  path: "/admin/products/export",
  summary: "All products as a file",
  description: [
    "By handle, streamed, as a Shopify product export or as JSON Lines, a product a line.",
    "Nothing is lost: what Shopify has no columns for stands in columns of details.",
    "Definitions of attributes, and what is said of categories, come with the first product that needs them.",
    "Imported into an empty shop and exported again, the file is the same byte for byte.",
    "Quantities are those available; ratings and reviews are no part of it.",
  ].join(" "),
  request: {
    query: z.strictObject({
      format: z.enum(["csv", "json_lines"]).default("csv"),
      status: ProductStatus.optional().openapi({ description: "Those of one status; else all." }),
    }),
  },
  responses: {
    200: {
      description: "The file",
      content: {
        [mediaTypes.csv]: { schema: z.string() },
        [mediaTypes.json_lines]: { schema: z.string() },
      },
    },
    ...problems(),
  },
});

catalogExportRoutes.openapi(exportRoute, async (request) => {
  const { format, status } = request.req.valid("query");
  const pieces = exportProducts(request.var.context, { format, status });
  request.header("Content-Disposition", `attachment; filename="${fileNames[format]}"`);
  request.header("Cache-Control", "private, no-store");
  request.header("Content-Type", `${mediaTypes[format]}; charset=utf-8`);
  return request.body(await streamOf(pieces), 200);
});

/** Waits for the first piece, so that a fault before it is still answered with a status. */
async function streamOf(pieces: AsyncGenerator<string>): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const first = await pieces.next();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (!first.done) controller.enqueue(encoder.encode(first.value));
    },
    async pull(controller) {
      const next = await pieces.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
