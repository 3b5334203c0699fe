import { Client } from "pg";
import { type OrderDatabases, primaryHome } from "#platform/order-shards";
import { explainFault } from "../explain-fault.ts";

/** A database of orders as the tools on this machine reach it. */
export type HomeAddress = { readonly name: string; readonly url: string };

export function homesOf(primaryUrl: string, others: OrderDatabases): readonly HomeAddress[] {
  return [{ name: primaryHome, url: primaryUrl }, ...others];
}

/** @throws Error that says which names there are. */
export function homeNamed<Home extends { readonly name: string }>(
  homes: readonly Home[],
  name: string | undefined,
): Home {
  const home = homes.find((each) => each.name === name);
  if (home !== undefined) return home;
  const known = homes.map((each) => each.name).join(", ");
  const missing = name === undefined ? "Name the database" : `There is no database "${name}"`;
  throw new Error(`${missing}; there are ${known}. ORDER_DATABASES names those besides ${primaryHome}.`);
}

/** @throws Error that names the database, and says what to do next. */
export async function connectHome({ name, url }: HomeAddress): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: "tradewind-shards" });
  // A connection that breaks fails the query under way, which says so; nobody else has to hear of it.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (fault) {
    throw new Error(`The database ${name} cannot be reached: ${explainFault(fault)}`, { cause: fault });
  }
}

/** Says of a fault in which database it was. */
export async function naming<Result>(name: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (fault) {
    throw new Error(`In the database ${name}: ${explainFault(fault)}`, { cause: fault });
  }
}

/** Runs the work on a connection of its own. */
export async function withHome<Result>(
  home: HomeAddress,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connectHome(home);
  try {
    return await naming(home.name, work(client));
  } finally {
    await client.end();
  }
}
