import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { createProduct, uniqueWord } from "../features/catalog/catalog-client.ts";
import { expectFound } from "../features/search/search-client.ts";
import { inDatabase } from "../in-database.ts";

const Deliveries = z.array(z.object({ at: z.date().nullable(), events: z.coerce.number() }));

test("changes of one product that wait together are delivered as one, and the index has the last", async () => {
  const [before, after] = [uniqueWord(), uniqueWord()];
  const { id } = await createProduct({ title: `Sail ${before}` });
  await expectFound({ q: before }, [id]);
  // One transaction, as if the shop had been away while the staff worked.
  await inDatabase(
    `with changed as (
       update products set title = $2, version = version + 20 where id = $1 returning version)
     insert into outbox (id, type, subject, payload)
     select 'evt_' || left(replace(gen_random_uuid()::text, '-', ''), 26), 'product.changed', $1::text,
       jsonb_build_object('product_id', $1::text, 'version', version - 20 + number)
     from changed, generate_series(1, 20) as number`,
    [id, `Sail ${after}`],
  );
  await expectFound({ q: after }, [id]);
  const deliveries = await vi.waitFor(
    async () => {
      const rows = await inDatabase(
        `select delivered_at as at, count(*) as events from outbox
         where subject = $1 and (payload ->> 'version')::int > 1 group by delivered_at`,
        [id],
      );
      const found = Deliveries.parse(rows);
      expect(found.every(({ at }) => at !== null)).toBe(true);
      return found;
    },
    { timeout: 25_000, interval: 100 },
  );
  expect(deliveries.map(({ events }) => events)).toEqual([20]);
});

test("events of one subject that are not the same wait for one another", async () => {
  const sku = `SKU-${randomUUID()}`;
  await inDatabase(
    `insert into outbox (id, type, subject, payload)
     select 'evt_' || left(replace(gen_random_uuid()::text, '-', ''), 26), type, $1::text,
       jsonb_build_object('sku', $1::text, 'available', 1, 'low_at', 1, 'version', number)
     from unnest(array['stock.changed', 'stock.low', 'stock.changed', 'stock.out', 'stock.changed'])
       with ordinality as told (type, number)`,
    [sku],
  );
  const order = await vi.waitFor(
    async () => {
      const rows = await inDatabase(
        `select string_agg(payload ->> 'version', '' order by delivered_at, position) as versions, bool_and(delivered_at is not null) as done
         from outbox where subject = $1`,
        [sku],
      );
      const [found] = z.array(z.object({ versions: z.string(), done: z.literal(true) })).parse(rows);
      return found?.versions;
    },
    { timeout: 25_000, interval: 100 },
  );
  // The first change stands for the later ones.
  expect(order).toBe("13524");
});
