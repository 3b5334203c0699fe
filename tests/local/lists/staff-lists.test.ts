import { neonConfig } from "@neondatabase/serverless";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { listAuditEntries } from "#features/audit/read-entries";
import { listStaffProducts } from "#features/catalog/list-staff-products";
import type { StaffProductQuery } from "#features/catalog/staff-list-schema";
import { listCustomers } from "#features/customers/directory";
import { listDeadLetters } from "#features/dead-letters/dead-letters";
import { listAlerts } from "#features/inventory/list-alerts";
import { readMovements } from "#features/inventory/read-movements";
import { listDisputes } from "#features/payments/disputes";
import { listRefunds } from "#features/payments/list-refunds";
import { listRefusedEvents, listReviews } from "#features/payments/list-reviews";
import { pageOfDifferences } from "#features/reconciliation/difference-store";
import { listAllReturns } from "#features/returns/list-returns";
import { listReviewsToModerate } from "#features/reviews/list-reviews";
import { listMisses } from "#features/search/list-misses";
import { idSchema } from "#core/ids";
import { hourMs } from "#core/time";
import { type Context, createContext } from "#platform/context";
import { bindingsFor } from "../../features-rules/auth/settings.ts";
import { type NeonOnPostgres, PRIMARY_URL, startNeonOnPostgres } from "../neon-on-postgres.ts";
import { blocksOf, explained, planIn, rowsReadBy } from "../query-plan.ts";
import { fillStaffLists, firstAccountAt, rareRows, rowsMade } from "./busy-shop.ts";

/** What a client asks of a list. */
type Asked = { limit: number; after: string | undefined; before: undefined };
type Listed = { count: number; next: string | null };
type List = (asked: Asked) => Promise<Listed>;

const Statement = z.object({ query: z.string(), params: z.array(z.unknown()) });
type Statement = z.infer<typeof Statement>;

let services: NeonOnPostgres;
let client: Client;
let context: Context;
/** What was sent to the database since it was last emptied. */
const sent: Statement[] = [];

beforeAll(async () => {
  services = await startNeonOnPostgres();
  await fillStaffLists(services.postgres.url);
  client = new Client({ connectionString: services.postgres.url });
  await client.connect();
  neonConfig.fetchFunction = async (url: string, request: RequestInit) => {
    sent.push(Statement.parse(JSON.parse(z.string().parse(request.body))));
    return fetch(url, request);
  };
  context = createContext({
    bindings: bindingsFor({ DATABASE_URL: PRIMARY_URL, NEON_FETCH_ENDPOINT: `${services.neon.url}/sql` }),
    executionContext: { waitUntil: () => undefined },
    drainOutbox: () => Promise.resolve(),
  });
}, 120_000);

afterAll(async () => {
  neonConfig.fetchFunction = undefined;
  await client.end();
  await services.stop();
});

const ofItems = ({
  items,
  nextCursor,
}: {
  items: readonly unknown[];
  nextCursor: string | null;
}): Listed => ({
  count: items.length,
  next: nextCursor,
});
const ofData = ({ data, next_cursor: next }: { data: readonly unknown[]; next_cursor: string | null }) => ({
  count: data.length,
  next,
});

const products = async (query: StaffProductQuery, page: Asked) =>
  ofItems(await listStaffProducts(context, query, page));

const hoursLater = (hours: number) => new Date(firstAccountAt.getTime() + hours * hourMs).toISOString();

/** Every list of the staff that grows with the shop, by its length. */
const whole: Record<string, List> = {
  "products by change": async (page) => products({ sort: "updated" }, page),
  "products by age": async (page) => products({ sort: "newest" }, page),
  "products by title": async (page) => products({ sort: "title" }, page),
  customers: async (page) => ofItems(await listCustomers(context, {}, page)),
  "the audit log": async (page) => ofItems(await listAuditEntries(context, {}, page)),
  "movements of a SKU": async ({ limit, after }) =>
    ofData(
      await readMovements(context, "SKU-000001", {
        limit,
        after: after === undefined ? undefined : Number(after),
      }),
    ),
  returns: async (page) => ofItems(await listAllReturns(context, undefined, page)),
  refunds: async ({ limit, after }) =>
    ofData(await listRefunds(context, { limit, after: idSchema("refund").optional().parse(after) })),
  disputes: async (page) => ofData(await listDisputes(context, page)),
  "payments that contradict": async ({ limit, after }) =>
    ofData(await listReviews(context, { limit, after: idSchema("paymentReview").optional().parse(after) })),
  "differences from providers": async (page) => ofItems(await pageOfDifferences(context, page, {})),
  "searches in vain": async (page) => ofItems(await listMisses(context, page)),
};

/** The oldest rows, which no others are like. */
const rare: Record<string, List> = {
  drafts: async (page) => products({ sort: "updated", status: "draft" }, page),
  "drafts by title": async (page) => products({ sort: "title", status: "draft" }, page),
  "products of a tag": async (page) => products({ sort: "updated", tag: "rare" }, page),
  "products of a brand": async (page) => products({ sort: "newest", brand: "Rare" }, page),
  "products of a category": async (page) => products({ sort: "title", category: "rare" }, page),
  "products of a word": async (page) => products({ sort: "updated", q: "vicu" }, page),
  "disabled customers": async (page) => ofItems(await listCustomers(context, { disabled: true }, page)),
  "unverified customers": async (page) =>
    ofItems(await listCustomers(context, { email_verified: false }, page)),
  "the first customers": async (page) =>
    ofItems(await listCustomers(context, { created_before: hoursLater(rareRows + 0.5) }, page)),
  "customers of some hours": async (page) =>
    ofItems(
      await listCustomers(
        context,
        { created_from: hoursLater(100.5), created_before: hoursLater(100.5 + rareRows) },
        page,
      ),
    ),
  "one actor's entries": async (page) => ofItems(await listAuditEntries(context, { actor: "rare" }, page)),
  "entries of one action": async (page) =>
    ofItems(await listAuditEntries(context, { action: "rare", actor: "rare" }, page)),
  "alerts of a level": async (page) => ofItems(await listAlerts(context, "low", page)),
  "returns to decide on": async (page) => ofItems(await listAllReturns(context, "requested", page)),
  "failed refunds": async ({ limit }) => ofData(await listRefunds(context, { limit, status: "failed" })),
  "pending refunds": async ({ limit }) => ofData(await listRefunds(context, { limit, status: "pending" })),
  "payments to decide on": async ({ limit }) => ofData(await listReviews(context, { limit, state: "open" })),
  "refused events": async (page) => ofData(await listRefusedEvents(context, page)),
  "open differences": async (page) => ofItems(await pageOfDifferences(context, page, { status: "open" })),
  "differences of a kind": async (page) =>
    ofItems(await pageOfDifferences(context, page, { kind: "missing_at_provider" })),
  "differences from one provider": async (page) =>
    ofItems(await pageOfDifferences(context, page, { provider: "paypal" })),
  "reviews to moderate": async (page) => ofItems(await listReviewsToModerate(context, "pending", page)),
};

const pageRows = 20;
/** Some steps down an index for each row of a page; a whole list is 10,000 rows. */
const blocksMax = 300;
const rowsMax = 200;

test.each(Object.entries(whole))("the last page of %s takes as little as the first", async (_, list) => {
  const first = await costOf(() => list({ limit: pageRows, after: undefined, before: undefined }));
  const { next } = await list({ limit: rowsMade - 5, after: undefined, before: undefined });
  expect(first.listed.count).toBe(pageRows);
  if (next === null) throw new Error("nothing follows");
  const last = await costOf(() => list({ limit: pageRows, after: next, before: undefined }));
  expect(last.listed.next).toBeNull();
  expect(last.listed.count).toBeGreaterThan(0);
  for (const { blocks, rowsRead, plan } of [first, last]) {
    expect(blocks, plan).toBeLessThan(blocksMax);
    expect(rowsRead, plan).toBeLessThan(rowsMax);
  }
});

test.each(Object.entries(rare))("%s are found without reading the others", async (_, list) => {
  const { listed, blocks, rowsRead, plan } = await costOf(() =>
    list({ limit: pageRows, after: undefined, before: undefined }),
  );
  expect(listed).toEqual({ count: rareRows, next: null });
  expect(blocks, plan).toBeLessThan(blocksMax);
  expect(rowsRead, plan).toBeLessThan(rowsMax);
});

test("dead letters are found without reading what was delivered", async () => {
  sent.length = 0;
  expect(await listDeadLetters(context)).toHaveLength(2 * rareRows);
  const { blocks, rowsRead, plan } = await costOfSent();
  expect(blocks, plan).toBeLessThan(blocksMax);
  expect(rowsRead, plan).toBeLessThan(rowsMax);
});

async function costOf(read: () => Promise<Listed>) {
  sent.length = 0;
  const listed = await read();
  return { listed, ...(await costOfSent()) };
}

/** What the statements that were sent take together. */
async function costOfSent() {
  const plans = [];
  for (const { query, params } of sent.splice(0))
    plans.push(planIn((await client.query(explained(query), [...params])).rows));
  return {
    blocks: plans.reduce((sum, plan) => sum + blocksOf(plan), 0),
    rowsRead: plans.reduce((sum, plan) => sum + rowsReadBy(plan), 0),
    plan: JSON.stringify(
      plans,
      ["Node Type", "Relation Name", "Plans", "Actual Rows", "Rows Removed by Filter"],
      1,
    ),
  };
}
