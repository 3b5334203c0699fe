import { sql } from "drizzle-orm";

/** What product `p` is called, which misspelt words are compared with. The expression is that of an index. */
export const productNames = sql`(p.title || ' ' || coalesce(p.brand, '') || ' ' || coalesce(p.product_type, ''))`;
