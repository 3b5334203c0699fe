import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { newId } from "#core/ids";
import { epochMs } from "#core/time";
import { migrate } from "#local/migrate";
import { startPostgres } from "#local/postgres/postgres";
import { projectFolder } from "#local/project";

export type ShopDatabase = Awaited<ReturnType<typeof openShopDatabase>>;

/** A Postgres of its own, in which each test has a shop's database to itself. */
export async function startShopDatabases() {
  const stateFolder = await mkdtemp(join(tmpdir(), "tradewind-months-"));
  const postgres = await startPostgres({ port: 0, replicaPort: 0, stateFolder, log: () => undefined });
  const urlOf = (name: string) => new URL(`/${name}`, postgres.url).href;
  await onServer(postgres.url, "create database migrated");
  await migrate(urlOf("migrated"));
  let databases = 0;
  const create = async (from: string) => {
    databases += 1;
    await onServer(postgres.url, `create database shop_${databases} template ${from}`);
    return urlOf(`shop_${databases}`);
  };
  return {
    open: async () => openShopDatabase(await create("migrated")),
    /** As it was before this migration and all later ones. */
    openBefore: async (migration: string) => {
      const url = await create("template0");
      await migrate(url, await migrationsBefore(migration, join(stateFolder, `before-${migration}`)));
      return openShopDatabase(url);
    },
    stop: async () => {
      await postgres.stop();
      await rm(stateFolder, { recursive: true, force: true });
    },
  };
}

async function migrationsBefore(limit: string, folder: string): Promise<string> {
  await cp(join(projectFolder, "migrations"), folder, { recursive: true });
  for (const name of await readdir(folder)) if (name >= limit) await rm(join(folder, name));
  return folder;
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function openShopDatabase(url: string) {
  const connect = async () => {
    const client = new Client({ connectionString: url });
    // Who is killed in a test says so by failing its query.
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  const client = await connect();
  const ask = async (statement: string, values: readonly unknown[] = []) =>
    (await client.query<Record<string, unknown>>(statement, [...values])).rows;
  return { url, connect, ask, close: () => client.end() };
}

export type StoredOrder = { id: string; status?: string; userId?: string; email?: string };

/** Ids of orders that were made at this time. */
export function orderIdsOf(time: string, count = 1): string[] {
  return Array.from({ length: count }, () => newId("order", epochMs(Date.parse(time))));
}

type Asking = { ask: (statement: string, values: readonly unknown[]) => Promise<unknown> };

/** Stores orders with two lines, two entries of history and a parcel each. */
export async function storeOrders({ ask }: Asking, orders: readonly StoredOrder[]) {
  const rows = JSON.stringify(
    orders.map((order) => ({ status: "delivered", email: "buyer@example.com", ...order })),
  );
  const listed = `jsonb_to_recordset($1) as listed (id text, status order_status, "userId" text, email text)`;
  await ask(
    `insert into orders (id, status, user_id, email, cart_id, currency, subtotal, total, shipping_method,
      shipping_address, billing_address, version, hold_expires_at)
     select id, status, "userId", email, 'crt_' || right(id, 26), 'EUR', 1000, 1000, 'standard',
      '{"name": "B", "line1": "1 Road", "city": "Porto", "country": "PT"}',
      '{"name": "B", "line1": "1 Road", "city": "Porto", "country": "PT"}', 2, now() - interval '1 hour' from ${listed}`,
    [rows],
  );
  await ask(
    `insert into order_lines (id, order_id, position, product_id, variant_id, sku, title, quantity, unit_price, total)
     select 'oln_' || left(right(id, 26), 25) || position, id, position, 'prd_1', 'var_1', 'SKU-' || position, 'Tent',
      1, 500, 500 from ${listed}, generate_series(0, 1) as position`,
    [rows],
  );
  await ask(
    `insert into order_events (order_id, sequence, id, type, actor, at)
     select id, sequence, 'oev_' || left(right(id, 26), 25) || sequence, 'order.placed', 'system', now()
     from ${listed}, generate_series(1, 2) as sequence`,
    [rows],
  );
  await ask(
    `insert into fulfilments (id, order_id, status, lines)
     select 'ful_' || right(id, 26), id, 'delivered', '[]' from ${listed}`,
    [rows],
  );
}
