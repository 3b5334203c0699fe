import type { Client } from "pg";
import { shardCount } from "#platform/order-shards";
import { type Standing, fence, markMoved, readStandings, unfence } from "./fences.ts";
import { archiveMonths, makeRoomForMonths } from "./moved-months.ts";
import { type HomeAddress, connectHome, homeNamed, naming } from "./homes.ts";
import { type ShardRange, shardsOf } from "./shard-range.ts";
import {
  copyBesides,
  copyOrders,
  countOrders,
  deleteBesides,
  deleteOrders,
  fingerprintOf,
  portionsOf,
} from "./shard-rows.ts";

/** One database of orders, connected. */
type Home = {
  readonly name: string;
  readonly client: Client;
  readonly standingOf: (shard: number) => Standing;
};

/** Shards that stand alike in all databases and are neighbours. */
type Stretch = ShardRange & { readonly source: Home };

/** Told of each step when it is done. */
export type Progress = (step: string) => void;

/** @returns the database that has each shard; during a move that is the one that it leaves. */
export async function readMap(homes: readonly HomeAddress[]): Promise<readonly string[]> {
  return withHomes(homes, (connected) =>
    Promise.resolve(
      shardsOf({ first: 0, last: shardCount - 1 }).map((shard) => ownerOf(connected, shard).name),
    ),
  );
}

/** What is under way: shards that were copied to another database, and are not open there yet. */
export async function readMoves(homes: readonly HomeAddress[]): Promise<readonly string[]> {
  return withHomes(homes, (connected) =>
    Promise.resolve(
      stretchesOf(connected, { first: 0, last: shardCount - 1 }).flatMap((stretch) => {
        const standing = stretch.source.standingOf(stretch.first);
        if (!("target" in standing)) return [];
        return [`${nameOf(stretch)}: on the way from ${stretch.source.name} to ${standing.target}`];
      }),
    ),
  );
}

/**
 * Fences shards off where they are and copies their orders to another database, where they stay closed. Nobody writes these
 * orders from then on until {@link openShards}; everybody reads them. Run again after a fault, it goes on.
 */
export async function moveShards(
  homes: readonly HomeAddress[],
  { range, to }: { range: ShardRange; to: string },
  progress: Progress,
): Promise<void> {
  await withHomes(homes, async (connected) => {
    const target = homeNamed(connected, to);
    for (const stretch of stretchesOf(connected, range)) {
      const { source } = stretch;
      if (source === target) {
        progress(`${nameOf(stretch)}: at ${to} already`);
        continue;
      }
      refuseOtherMove(source, stretch, to);
      await fence(source.client, stretch, to);
      progress(`${nameOf(stretch)}: fenced off at ${source.name}`);
      const orders = await copy(source.client, target.client, stretch);
      progress(`${nameOf(stretch)}: ${orders} orders copied to ${to}`);
      await compare(source.client, target.client, stretch);
      progress(`${nameOf(stretch)}: the copies are equal`);
    }
  });
}

async function copy(source: Client, target: Client, range: ShardRange): Promise<number> {
  await makeRoomForMonths(source, target, range);
  let orders = 0;
  for await (const ids of portionsOf(source, range)) {
    await asMover(target, () => copyOrders(source, target, ids));
    orders += ids.length;
  }
  await asMover(target, () => copyBesides(source, target, range));
  return orders;
}

/** @throws Error when an order differs, is missing or is there without being at the source. */
async function compare(source: Client, target: Client, range: ShardRange): Promise<void> {
  for await (const ids of portionsOf(source, range)) {
    const [original, copied] = await Promise.all([fingerprintOf(source, ids), fingerprintOf(target, ids)]);
    if (original !== copied)
      throw new Error(
        `The copies of the orders ${ids[0]} to ${ids.at(-1)} are not equal: ${original}; but ${copied}. ` +
          "Give the move up with `abandon` and begin again.",
      );
  }
  const [orders, copies] = await Promise.all([countOrders(source, range), countOrders(target, range)]);
  if (orders !== copies)
    throw new Error(`${orders} orders were to be copied, and ${copies} are there. Give the move up.`);
}

/**
 * Opens shards in the database that they were copied to, once every Worker knows the new map: from then on their orders
 * are written there, and never again where they were. Run again after a fault, it goes on.
 */
export async function openShards(
  homes: readonly HomeAddress[],
  { range, at }: { range: ShardRange; at: string },
  progress: Progress,
): Promise<void> {
  await withHomes(homes, async (connected) => {
    const target = homeNamed(connected, at);
    for (const stretch of stretchesOf(connected, range)) {
      const { source } = stretch;
      if (source === target) {
        progress(`${nameOf(stretch)}: open at ${at} already`);
        continue;
      }
      const standing = source.standingOf(stretch.first);
      if (!("target" in standing) || standing.target !== at)
        throw new Error(`The shards ${nameOf(stretch)} have not been copied to ${at}: move them first.`);
      if (standing.state === "moving") {
        await copy(source.client, target.client, stretch);
        await compare(source.client, target.client, stretch);
        for (const { month, outcome } of await archiveMonths(source.client, target.client, stretch))
          progress(`${nameOf(stretch)}: ${month}, archived at ${source.name}, is ${outcome} at ${at}`);
      }
      await markMoved(source.client, stretch);
      await unfence(target.client, stretch);
      progress(`${nameOf(stretch)}: open at ${at}`);
    }
  });
}

/** Deletes what is left of shards where they were, once they are open elsewhere. Run again after a fault, it goes on. */
export async function clearShards(
  homes: readonly HomeAddress[],
  { range, from }: { range: ShardRange; from: string },
  progress: Progress,
): Promise<void> {
  await withHomes(homes, async (connected) => {
    const { client, standingOf } = homeNamed(connected, from);
    for (const shard of shardsOf(range)) {
      const standing = standingOf(shard);
      if (
        standing.state !== "moved" ||
        homeNamed(connected, standing.target).standingOf(shard).state !== "open"
      )
        throw new Error(
          `Shard ${shard} is not open in another database than ${from}: nothing was deleted. Open it there first.`,
        );
    }
    progress(`${nameOf(range)}: ${await deleteCopies(client, range)} orders deleted from ${from}`);
  });
}

/** Gives a move up that has not been opened: the copies are deleted, and the shards are open again where they were. */
export async function abandonMove(
  homes: readonly HomeAddress[],
  range: ShardRange,
  progress: Progress,
): Promise<void> {
  await withHomes(homes, async (connected) => {
    for (const stretch of stretchesOf(connected, range)) {
      const { source } = stretch;
      const standing = source.standingOf(stretch.first);
      if (standing.state !== "moving") {
        progress(`${nameOf(stretch)}: not on the way anywhere, and open at ${source.name}`);
        continue;
      }
      const target = homeNamed(connected, standing.target).client;
      await deleteCopies(target, stretch);
      await archiveMonths(source.client, target, stretch);
      await unfence(source.client, stretch);
      progress(`${nameOf(stretch)}: open again at ${source.name}`);
    }
  });
}

async function deleteCopies(client: Client, range: ShardRange): Promise<number> {
  let orders = 0;
  for await (const ids of portionsOf(client, range)) {
    await asMover(client, () => deleteOrders(client, ids));
    orders += ids.length;
  }
  await asMover(client, () => deleteBesides(client, range));
  return orders;
}

/** In one transaction that the fences let pass. */
async function asMover(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query("begin");
  await client.query("set local tradewind.moves_shards = 'on'");
  await work();
  await client.query("commit");
}

/** The database that a shard's orders are in: open there, or still on their way from there, or gone to one not opened. */
function ownerOf(homes: readonly Home[], shard: number): Home {
  const inState = (...states: Standing["state"][]) =>
    homes.filter(({ standingOf }) => states.includes(standingOf(shard).state));
  const [open, second] = inState("open");
  if (open !== undefined && second !== undefined)
    throw new Error(
      `Shard ${shard} is open at ${open.name} and at ${second.name}: run npm run migrate with ORDER_DATABASES.`,
    );
  const [left] =
    open === undefined ? [...inState("moving"), ...inState("moved").filter(isUnopened(homes, shard))] : [];
  const owner = open ?? left;
  if (owner === undefined) throw new Error(`Shard ${shard} is in none of the databases that were named.`);
  return owner;
}

function isUnopened(homes: readonly Home[], shard: number) {
  return ({ standingOf }: Home): boolean => {
    const standing = standingOf(shard);
    return "target" in standing && homeNamed(homes, standing.target).standingOf(shard).state === "closed";
  };
}

/** The range in stretches of one source and one standing each. */
function stretchesOf(homes: readonly Home[], range: ShardRange): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const shard of shardsOf(range)) {
    const source = ownerOf(homes, shard);
    const before = stretches.at(-1);
    const isSame =
      before?.source === source &&
      JSON.stringify(source.standingOf(before.first)) === JSON.stringify(source.standingOf(shard));
    if (before !== undefined && isSame) stretches.splice(-1, 1, { ...before, last: shard });
    else stretches.push({ source, first: shard, last: shard });
  }
  return stretches;
}

function refuseOtherMove(source: Home, { first }: ShardRange, to: string): void {
  const standing = source.standingOf(first);
  if ("target" in standing && (standing.target !== to || standing.state === "moved"))
    throw new Error(
      `Shard ${first} is on its way to ${standing.target}: open it there, or abandon that move.`,
    );
}

function nameOf({ first, last }: ShardRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

/** One of these tools works at a time: the primary's lock says so. */
const toolLock = 7_461_044;

async function withHomes<Result>(
  addresses: readonly HomeAddress[],
  work: (homes: readonly Home[]) => Promise<Result>,
): Promise<Result> {
  const clients: Client[] = [];
  try {
    for (const address of addresses) {
      const client = await connectHome(address);
      clients.push(client);
      // What is compared as text is written in one time zone everywhere.
      await client.query("set timezone to 'UTC'");
    }
    await clients[0]?.query("select pg_advisory_lock($1)", [toolLock]);
    const homes: Home[] = [];
    for (const [index, client] of clients.entries())
      homes.push(await readHome(addresses[index]?.name ?? "", client));
    return await work(homes);
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
}

async function readHome(name: string, client: Client): Promise<Home> {
  return { name, client, standingOf: await naming(name, readStandings(client)) };
}
