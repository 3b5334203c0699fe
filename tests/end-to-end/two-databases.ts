import { Client } from "pg";
import { LOCAL_LOGIN } from "#local/postgres/settings";
import { openShards, moveShards } from "#local/shards/move-shards";
import { type HomeAddress, homesOf } from "#local/shards/homes";
import { bringUpToDate } from "#local/shards/prepare-homes";
import type { ShardRange } from "#local/shards/shard-range";
import { shardOfId } from "#core/ids";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import type { Customer, ShopClient } from "../shop-client.ts";

export type HomeName = "home" | "east";

const eastName = "orders_east";
export const eastern: ShardRange = { first: 512, last: 1023 };

export type TwoDatabases = {
  stack: OwnStack;
  homes: readonly HomeAddress[];
  /** Runs a statement in one of the databases. */
  ask: (home: HomeName, statement: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  /** Takes the eastern database away from everybody, or gives it back. */
  setAway: (isAway: boolean) => Promise<void>;
};

/** A shop whose orders live in two databases, by halves. */
export async function startWithTwoDatabases(): Promise<TwoDatabases> {
  let homes: readonly HomeAddress[] = [];
  const { user, password } = LOCAL_LOGIN;
  const url = `postgresql://${user}:${password}@primary.tradewind.localhost/${eastName}`;
  const stack = await startOwnStack({
    workerSettings: {
      ORDER_DATABASES: JSON.stringify([{ name: "east", url }]),
      ORDER_SHARDS: "0-511=home,512-1023=east",
      ORDER_RETENTION_MONTHS: "24",
    },
    leadTo: () => undefined,
    prepare: async ({ postgres }) => {
      await askAt(postgres, `create database ${eastName}`);
      homes = homesOf(postgres, [{ name: "east", url: new URL(`/${eastName}`, postgres).href }]);
      await bringUpToDate(homes);
      await moveShards(homes, { range: eastern, to: "east" }, () => undefined);
      await openShards(homes, { range: eastern, at: "east" }, () => undefined);
    },
  });
  return {
    stack,
    homes,
    ask: (home, statement, values) => {
      const at = homes.find(({ name }) => name === home);
      if (at === undefined) throw new Error(`there is no ${home}`);
      return askAt(at.url, statement, values);
    },
    setAway: async (isAway) => {
      const { postgres } = stack.addresses.services;
      await askAt(postgres, `alter database ${eastName} with allow_connections ${!isAway}`);
      await askAt(postgres, "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
        eastName,
      ]);
    },
  };
}

async function askAt(
  url: string,
  statement: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement, [...values])).rows;
  } finally {
    await client.end();
  }
}

export function isIn({ first, last }: ShardRange, id: string): boolean {
  const shard = shardOfId(id);
  return shard >= first && shard <= last;
}

/** A customer whose orders live in the database, or in these of its shards. */
export async function registerCustomerOf(shop: ShopClient, range: ShardRange): Promise<Customer> {
  for (;;) {
    const customer = await shop.registerCustomer();
    if (isIn(range, customer.id)) return customer;
  }
}
