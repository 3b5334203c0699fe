import { Meilisearch } from "meilisearch";
import { Client } from "pg";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import type { OwnStack } from "../own-stack.ts";

export type Drift = { products: number; differing: string[] };

/** What buyers see of a product: enough to tell an old document from the present one. */
const Seen = z.object({
  id: z.string(),
  version: z.coerce.number(),
  title: z.string(),
  prices: z.array(z.coerce.number()),
  in_stock: z.boolean(),
});
type Seen = z.infer<typeof Seen>;

const onSale = `
  select p.id, p.version, p.title,
    array(select distinct v.price from variants v where v.product_id = p.id order by 1) as prices,
    exists (select from variants v join stock_levels s on s.sku = v.sku
      where v.product_id = p.id and s.available > 0) as in_stock
  from products p where p.status = 'active'`;

const documentsMax = 100_000;

/** Reads the catalogue and the index whole, past everything that keeps them alike. */
export async function compareIndex({ addresses: { services } }: OwnStack): Promise<Drift> {
  const wanted = await productsOnSale(services.postgres);
  const indexed = await documentsOf(services.search);
  const differing = [...new Set([...wanted.keys(), ...indexed.keys()])].filter(
    (id) => wanted.get(id) !== indexed.get(id),
  );
  return {
    products: wanted.size,
    differing: differing.map((id) => `${id} is ${indexed.get(id)}, should be ${wanted.get(id)}`),
  };
}

async function productsOnSale(connectionString: string): Promise<Map<string, string>> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query(onSale);
    return told(z.array(Seen).parse(rows));
  } finally {
    await client.end();
  }
}

async function documentsOf(host: string): Promise<Map<string, string>> {
  const client = new Meilisearch({ host, apiKey: LOCAL_CREDENTIALS.searchApiKey });
  const { results } = await client.index("products").getDocuments({ limit: documentsMax });
  return told(z.array(Seen).parse(results));
}

function told(products: readonly Seen[]): Map<string, string> {
  return new Map(
    products.map(({ prices, ...product }) => [
      product.id,
      JSON.stringify({ ...product, prices: prices.toSorted((a, b) => a - b) }),
    ]),
  );
}
