import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DEMO_ADMIN } from "../credentials.ts";
import { holds } from "../postgres/connection.ts";
import { projectFolder } from "../project.ts";
import { seedAccounts } from "../seed.ts";
import type { BenchStack } from "./bench-stack.ts";

const run = promisify(execFile);

const PAGE = 100;
/** With their handles twice as many paths: more than an isolate keeps answers of. */
const PRODUCTS_KNOWN_MAX = 10_000;
/** A variant that is bought again and again must not run out while others are measured. */
const UNITS_MIN = 10;
const EVENTS_HANDLED_MS_MAX = 300_000;
const SWEEP_PAUSE_MS = 3_000;
const POLL_MS = 50;

/**
 * What a shop's front keeps hot: its home page, the first pages of its categories and what is advertised. With some
 * 2.5 KB each they are a twentieth of what an isolate keeps of answers.
 */
const POPULAR_PRODUCTS = 500;

/** What the measured buyers know of the shop. */
export type Assortment = {
  popular: {
    productIds: string[];
    /** With units to spare, one of each product. */
    variantIds: string[];
  };
  /** By id and by handle, so that one which comes up again was asked for long ago. */
  productPaths: string[];
  /** Variants with units to spare. */
  variantIds: string[];
  categories: string[];
  adminToken: string;
};

const Page = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      handle: z.string(),
      categories: z.array(z.object({ handle: z.string() })),
      variants: z.array(z.object({ id: z.string(), available: z.int().nullable() })),
    }),
  ),
  next_cursor: z.string().nullable(),
});
type Product = z.infer<typeof Page>["data"][number];

/** Imports as many generated products, and waits until search, stock and caches know of them. */
export async function fillShop(stack: BenchStack, products: number, folder: string): Promise<Assortment> {
  const { api, services } = stack.addresses;
  const adminToken = await seedAccounts({ api, databaseUrl: services.postgres });
  const file = join(folder, "catalogue.csv");
  const generate = ["local/demo/generate-catalogue.ts", "--products", String(products), file];
  const account = ["--email", DEMO_ADMIN.email, "--password", DEMO_ADMIN.password];
  for (const program of [generate, ["local/import-products.ts", file, "--url", api, ...account]])
    await run(process.execPath, program, { cwd: projectFolder });
  await stack.sweep();
  await untilEventsAreHandled(stack);
  const known = await readProducts(api);
  const popular = known.slice(0, POPULAR_PRODUCTS);
  return {
    popular: {
      productIds: popular.map(({ id }) => id),
      variantIds: popular.flatMap((product) => inStock(product).slice(0, 1)),
    },
    productPaths: [...known.map(({ id }) => id), ...known.map(({ handle }) => handle)].map(
      (name) => `/products/${encodeURI(name)}`,
    ),
    variantIds: known.flatMap(inStock),
    categories: [
      ...new Set(known.flatMap(({ categories }) => categories.slice(-1).map(({ handle }) => handle))),
    ],
    adminToken,
  };
}

function inStock({ variants }: Product): string[] {
  return variants.filter(({ available }) => (available ?? 0) >= UNITS_MIN).map(({ id }) => id);
}

/** Longer than an isolate keeps nothing after so many changes: a replica's longest lag and a little more. */
const SETTLED_MS = 9_000;

/** After an import the caches of the shop are as they are on most days. */
export function untilCachesAreUsed(): Promise<void> {
  return sleep(SETTLED_MS);
}

/** What a write leaves to be done afterwards is done, so that its cost is counted with it. */
export async function untilEventsAreHandled(stack: BenchStack): Promise<void> {
  const database = new Client({ connectionString: stack.addresses.services.postgres });
  await database.connect();
  try {
    const startedAt = Date.now();
    let sweptAt = startedAt;
    while (!(await holds(database, HAS_HANDLED_EVENTS))) {
      if (Date.now() - startedAt > EVENTS_HANDLED_MS_MAX)
        throw new Error("The outbox does not become empty.");
      if (Date.now() - sweptAt > SWEEP_PAUSE_MS) {
        await stack.sweep();
        sweptAt = Date.now();
      }
      await sleep(POLL_MS);
    }
  } finally {
    await database.end();
  }
}

/** Longer than any pause after which something else follows: a journal's copy, its wake-up, the index's write. */
const QUIET_MS = 3_000;

/** Also what comes some time after a write without being an event yet, such as the copy of a stock journal. */
export async function untilAllIsDone(stack: BenchStack): Promise<void> {
  await untilEventsAreHandled(stack);
  await sleep(QUIET_MS);
  await untilEventsAreHandled(stack);
}

const HAS_HANDLED_EVENTS = "not exists (select from outbox where delivered_at is null and dead_at is null)";

async function readProducts(api: string): Promise<Product[]> {
  const products: Product[] = [];
  let after: string | null = "";
  while (after !== null && products.length < PRODUCTS_KNOWN_MAX) {
    const query: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
    const response = await fetch(`${api}/products?limit=${PAGE}${query}`);
    const page = Page.parse(await response.json());
    products.push(...page.data);
    after = page.next_cursor;
  }
  return products;
}
