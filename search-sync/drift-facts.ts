import { type SQL, sql } from "drizzle-orm";
import { MeilisearchError } from "meilisearch";
import { z } from "zod";
import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import { lowAtUsually } from "#features/inventory/rules";
import { productIndex } from "#features/search/document";
import { isOurFault } from "#features/search/index-asking";
import type { Context } from "#platform/context";
import { isUnmadeIndex, renewSettings } from "./ensure-index.ts";
import { buckets, documentShape, pictureDigits } from "./stamp.ts";

/** Stamps by product id. */
export type Stamps = ReadonlyMap<string, string>;

const documentsPerRequest = 1_000;

/** What stands in the index under no bucket that there is. */
export const elsewhere = "elsewhere";

const Stamped = z.object({ id: z.coerce.string(), stamp: z.string().catch("none") });

/** What the index says of the products of a bucket. */
export async function indexedStamps(context: Context, bucket: string): Promise<Stamps> {
  const index = context.search.index(productIndex);
  const filter =
    bucket === elsewhere
      ? `NOT bucket IN [${buckets.map((letter) => `"${letter}"`).join(", ")}]`
      : `bucket = "${bucket}"`;
  const stamps = new Map<string, string>();
  for (let offset = 0; ; offset += documentsPerRequest) {
    const { results } = await index
      .getDocuments({ filter, fields: ["id", "stamp"], limit: documentsPerRequest, offset })
      .catch((error: unknown) =>
        isUnmadeIndex(error) ? makeAndRefuse(context, error) : refuseUnanswered(error),
      );
    for (const document of results.map((each) => Stamped.parse(each)))
      stamps.set(document.id, document.stamp);
    if (results.length < documentsPerRequest) return stamps;
  }
}

/** Before it is compared the index has to be made, which takes the search server a moment. */
async function makeAndRefuse(context: Context, cause: unknown): Promise<never> {
  await renewSettings(context);
  throw new AppError("dependency_unavailable", {
    detail: "The search index is being made. Try again.",
    retryAfterSeconds: 2,
    cause,
  });
}

/**
 * @throws AppError dependency_unavailable where the search server itself failed, for which those who ask for a comparison
 * cannot be blamed; any other fault as it is.
 */
export function refuseUnanswered(cause: unknown): never {
  if (isOurFault(cause) || !(cause instanceof MeilisearchError)) throw cause;
  throw new AppError("dependency_unavailable", {
    detail: "The search server did not answer; what was compared before is repaired. Try again.",
    retryAfterSeconds: 2,
    cause,
  });
}

/** The products on sale with their stamps: what stampOf computes, as SQL. */
const truth = sql`
  select p.id, concat_ws('.', ${documentShape}::int, p.version, p.rating_count, round(p.rating_average * 100)::int,
    left(encode(sha256(convert_to(coalesce((
      select string_agg(v.sku || ':' || case
          when s.available is null then 'uncounted'
          when s.available <= 0 then 'out'
          when s.available <= ${lowAtUsually}::int then 'low'
          else 'in_stock' end, E'\n' order by v.position)
      from variants v left join stock_levels s on s.sku = v.sku where v.product_id = p.id), ''), 'UTF8')), 'hex'),
      ${pictureDigits}::int)) as stamp
  from products p where p.status = 'active'`;

const Row = z.object({ id: z.string(), stamp: z.string() });

/** What the primary says of the products of a bucket. */
export async function trueStamps(context: Context, bucket: string): Promise<Stamps> {
  const { rows } = await context.databases.primary.execute(sql`${truth} and right(p.id, 1) = ${bucket}`);
  return new Map(rows.map((row) => Row.parse(row)).map(({ id, stamp }) => [id, stamp]));
}

/** What the primary says of these products. */
export async function trueStampsOf(context: Context, productIds: readonly string[]): Promise<Stamps> {
  const { rows } = await context.databases.primary.execute(
    sql`${truth} and p.id = any (array(${inList(productIds)}))`,
  );
  return new Map(rows.map((row) => Row.parse(row)).map(({ id, stamp }) => [id, stamp]));
}

const Digest = z.object({ bucket: z.string(), digest: z.string(), products: z.coerce.number() });

/** One hash for each bucket, so that of those that agree nothing else is read. */
export async function trueDigests(
  context: Context,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, { digest: string; products: number }>> {
  const { rows } = await context.databases.primary.execute(sql`
    select right(id, 1) as bucket, count(*) as products, encode(sha256(convert_to(
      string_agg(id || ' ' || stamp, E'\n' order by id collate "C"), 'UTF8')), 'hex') as digest
    from (${truth} and right(p.id, 1) = any (array(${inList(wanted)}))) as stamped
    group by right(id, 1)`);
  return new Map(rows.map((row) => Digest.parse(row)).map(({ bucket, ...rest }) => [bucket, rest]));
}

/** The same hash over what the index says. */
export async function digestOf(stamps: Stamps): Promise<string> {
  const lines = [...stamps].map(([id, stamp]) => `${id} ${stamp}`).toSorted();
  return sha256Hex(lines.join("\n"));
}

/** Those of these products of which an event is on its way: the index is behind, but nothing is lost. */
export async function awaitedProducts(
  context: Context,
  productIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await context.databases.primary.execute(sql`
    select o.payload ->> 'product_id' as id from outbox o
    where o.delivered_at is null and o.dead_at is null and o.type in ('product.changed', 'product.deleted')
      and o.payload ->> 'product_id' in (${inList(productIds)})
    union
    select v.product_id from outbox o join variants v on v.sku = o.payload ->> 'sku'
    where o.delivered_at is null and o.dead_at is null and o.type = 'stock.changed'
      and v.product_id in (${inList(productIds)})`);
  return new Set(rows.map((row) => z.string().parse(row["id"])));
}

function inList(texts: readonly string[]): SQL {
  return sql`select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb)`;
}
