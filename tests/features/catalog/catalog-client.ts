import { randomUUID } from "node:crypto";
import { z } from "zod";
import { untilReplicated } from "../../replica.ts";
import type { Answer } from "../../shop-client.ts";
import { adminToken, request, stack } from "../../stack.ts";

export const Product = z.looseObject({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  description: z.string(),
  status: z.string(),
  version: z.number(),
  tags: z.array(z.string()),
  categories: z.array(z.looseObject({ handle: z.string() })),
  images: z.array(z.object({ url: z.string(), alt: z.string() })),
  options: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
  price_min: z.object({ amount: z.number(), currency: z.string() }),
  variants: z.array(
    z.looseObject({
      id: z.string(),
      sku: z.string(),
      title: z.string(),
      price: z.object({ amount: z.number(), currency: z.string() }),
      available: z.number().nullable(),
    }),
  ),
});
export type Product = z.infer<typeof Product>;

export const ProductPage = z.object({
  data: z.array(Product),
  has_more: z.boolean(),
  next_cursor: z.string().nullable(),
  previous_cursor: z.string().nullable(),
});

export const Problem = z.looseObject({ code: z.string(), detail: z.string() });

const Refusal = z.object({
  row: z.number(),
  handle: z.string().nullable(),
  reason: z.string(),
  detail: z.string(),
});

export const Report = z.looseObject({
  id: z.string(),
  status: z.string(),
  rows_read: z.number(),
  created: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  refused: z.number(),
  stock_counts: z.number(),
  ignored_columns: z.array(z.string()),
  refusals: z.array(Refusal),
});

/** A word that no other test has in its names. */
export function uniqueWord(): string {
  return `t${randomUUID().replaceAll("-", "").slice(0, 12)}`;
}

/** Sends a file to the import as an admin. */
export async function importCsv(
  text: string | Uint8Array<ArrayBuffer>,
  accept = "application/json",
): Promise<Response> {
  return fetch(`${stack().api}/admin/products/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${await adminToken()}`, "content-type": "text/csv", accept },
    body: text,
  });
}

/** Imports a file that is expected to go through; what it brought is there for everybody then. */
export async function importReport(text: string | Uint8Array<ArrayBuffer>): Promise<z.infer<typeof Report>> {
  const response = await importCsv(text);
  const body = await response.text();
  if (response.status !== 200) throw new Error(`the import answered ${response.status}: ${body}`);
  await untilReplicated();
  return Report.parse(JSON.parse(body));
}

/** Makes an active product with one variant unless told otherwise; it is there for everybody then. */
export async function createProduct(fields: Record<string, unknown> = {}): Promise<Product> {
  const word = uniqueWord();
  const answer = await request("/admin/products", {
    method: "POST",
    token: await adminToken(),
    json: {
      title: `Product ${word}`,
      status: "active",
      variants: [{ sku: `SKU-${word}`, price: 1999 }],
      ...fields,
    },
  });
  const product = answer.as(Product);
  await untilReplicated();
  return product;
}

export async function patchProduct(id: string, patch: unknown, ifMatch?: string): Promise<Answer> {
  const response = await fetch(`${stack().api}/admin/products/${id}`, {
    method: "PATCH",
    headers: {
      authorization: `Bearer ${await adminToken()}`,
      "content-type": "application/merge-patch+json",
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
    },
    body: JSON.stringify(patch),
  });
  const body: unknown = await response.json();
  return { status: response.status, headers: response.headers, body, as: (schema) => schema.parse(body) };
}
