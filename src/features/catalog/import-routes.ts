import { z } from "@hono/zod-openapi";
import { AppError } from "#core/errors";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { type ImportFormat, importProducts } from "./import-products.ts";
import { type ImportLine, ImportReport } from "./import-report.ts";
import { readImport } from "./read-import.ts";

export const catalogImportRoutes = createRouter();

/** Equal to the limit of the body. */
const fileBytesMax = 512 * 1024 * 1024;

const lineByLine = "application/x-ndjson";

const tags = ["catalogue (staff)"];

const importRoute = describeRoute({
  tags,
  method: "post",
  path: "/admin/products/import",
  summary: "Import products from a file",
  description: [
    `Takes a Shopify product export as \`text/csv\`, and whole products, one a line, as \`${lineByLine}\`.`,
    "Products are known by their handle, variants by their SKU; importing the same file again changes nothing.",
    "Variants that a product's rows no longer name go. Columns that the file does not have leave what is there.",
    "Rows that cannot be taken are refused one by one, with the reason; the others are stored, a batch at a time.",
    "Quantities are the first stock count of new variants only: an import never changes the stock of others.",
    `With \`Accept: ${lineByLine}\` the answer tells line by line what happens while the file is read.`,
  ].join(" "),
  request: {
    body: {
      required: true,
      content: {
        "text/csv": { schema: z.string().openapi({ description: "UTF-8, separated by commas." }) },
        [lineByLine]: {
          schema: z
            .string()
            .max(fileBytesMax)
            .openapi({ description: "As GET /admin/products/export writes it." }),
        },
      },
    },
  },
  responses: {
    200: {
      description: "The report, or with line by line: started, refused, progress, then finished or failed",
      content: { "application/json": { schema: ImportReport }, [lineByLine]: { schema: z.string() } },
    },
    ...problems("invalid_csv", "invalid_json_lines", "body_too_large", "unsupported_media_type", "conflict"),
  },
});

// Answers in two media types do not fit the typed registration: the description and the handler stand side by side.
catalogImportRoutes.openAPIRegistry.registerPath(importRoute);
catalogImportRoutes.on("POST", [importRoute.path], ...importRoute.middleware, async (request) => {
  const format = formatOf(request.req.header("content-type"));
  const { body } = request.req.raw;
  if (body === null) throw new AppError(`invalid_${format}`, { detail: "The file is empty." });
  const lines = importProducts(request.var.context, body, format);
  if (!request.req.header("accept")?.includes(lineByLine))
    return request.json(await reportAtTheEnd(lines), 200);
  const stream = await streamLines(lines);
  return request.body(stream, 200, { "content-type": lineByLine, "cache-control": "no-store" });
});

catalogImportRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/products/imports/{id}",
    summary: "The report of an import",
    request: { params: z.object({ id: z.string().regex(/^imp_\w{1,64}$/) }) },
    responses: { 200: json(ImportReport, "The report"), ...problems("not_found") },
  }),
  async (request) => {
    const report = await readImport(request.var.context, request.req.valid("param").id);
    request.header("Cache-Control", "private, no-store");
    return request.json(report, 200);
  },
);

function formatOf(contentType = ""): ImportFormat {
  const [mediaType = ""] = contentType.toLowerCase().split(";");
  if (mediaType.trim() === "text/csv") return "csv";
  if (mediaType.trim() === lineByLine) return "json_lines";
  throw new AppError("unsupported_media_type", {
    detail: `Send Content-Type: text/csv or ${lineByLine}.`,
  });
}

async function reportAtTheEnd(lines: AsyncGenerator<ImportLine>): Promise<ImportReport> {
  for await (const line of lines) {
    if (line.type === "failed") {
      const { type: _, code, detail, ...report } = line;
      throw new AppError(code, { detail, members: { import: report } });
    }
    if (line.type === "finished") {
      const { type: _, ...report } = line;
      return report;
    }
  }
  throw new Error("an import ended without a last line");
}

/** Waits for the first line, so that a file that is no product export is still refused with a status. */
async function streamLines(lines: AsyncGenerator<ImportLine>): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const encode = (line: ImportLine) => encoder.encode(`${JSON.stringify(line)}\n`);
  const first = await lines.next();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (!first.done) controller.enqueue(encode(first.value));
    },
    async pull(controller) {
      const next = await lines.next();
      if (next.done) controller.close();
      else controller.enqueue(encode(next.value));
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
}
