import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { Order, createBuyer } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, registerCustomer, request, stack } from "../../stack.ts";
import { inDatabase } from "../../in-database.ts";

const patience = { timeout: 25_000, interval: 100 };
const buyer = createBuyer({ api: stack().api, stripe: stack().services.stripe });
const seller = createSeller(stack().api);

const Review = z.looseObject({ id: z.string(), rating: z.int(), version: z.int(), status: z.string() });
type Review = z.infer<typeof Review>;
const Shown = z.object({
  data: z.array(z.looseObject({ id: z.string(), rating: z.int() })),
  next_cursor: z.string().nullable(),
});
const Rated = z.looseObject({ rating: z.object({ average: z.number(), count: z.int() }), version: z.int() });
const Problem = z.looseObject({ code: z.string() });

/** A customer whose paid order has the product. The payment itself is other tests' matter. */
async function buyerOf(variantId: string) {
  const customer = await registerCustomer();
  const cart = await buyer.fillCart({ [variantId]: 1 }, customer.token);
  const order = (await buyer.placeOrder(cart, { token: customer.token })).as(Order);
  await inDatabase("update orders set status = 'paid' where id = $1", [order.id]);
  return { ...customer, orderId: order.id };
}

async function reviewedBy(token: string, productId: string, json: Record<string, unknown> = {}) {
  return request(`/products/${productId}/reviews`, {
    method: "POST",
    token,
    json: { rating: 5, body: "It is what it says.", ...json },
  });
}

async function change(
  path: string,
  token: string,
  { version, ...json }: { version: number } & Record<string, unknown>,
) {
  return request(path, {
    method: "PATCH",
    token,
    headers: { "content-type": "application/merge-patch+json", "if-match": `"v${version}"` },
    json,
  });
}

async function moderate({ id, version }: Review, status = "approved", more: Record<string, unknown> = {}) {
  return change(`/admin/reviews/${id}`, await adminToken(), { version, status, ...more });
}

const ratingOf = async (productId: string) => (await request(`/products/${productId}`)).as(Rated).rating;

test("only who has bought and paid may review, once, and it shows when the staff has approved it", async () => {
  const { productId, variantId } = await seller.stockVariant(5);
  const stranger = await registerCustomer();
  const refused = await reviewedBy(stranger.token, productId);
  expect([refused.status, refused.as(Problem).code]).toEqual([403, "review_needs_purchase"]);
  expect((await request(`/products/${productId}/reviews`, { method: "POST", json: {} })).status).toBe(401);

  const author = await buyerOf(variantId);
  const written = await reviewedBy(author.token, productId, { rating: 4, title: "Fine", body: "One\n\ntwo" });
  expect(written.status).toBe(201);
  expect(written.body).toMatchObject({ rating: 4, status: "pending", verified_buyer: true });
  expect((await reviewedBy(author.token, productId)).as(Problem).code).toBe("review_exists");
  const shown = async () => (await request(`/products/${productId}/reviews`)).as(Shown).data;
  expect(await shown()).toEqual([]);
  expect((await moderate(written.as(Review))).status).toBe(200);
  await expect.poll(shown, patience).toMatchObject([{ id: written.as(Review).id, rating: 4, title: "Fine" }]);
  await expect.poll(() => ratingOf(productId), patience).toEqual({ average: 4, count: 1 });
  expect(JSON.stringify(await shown())).not.toContain(author.email);
});

test("an order that was not paid, or was given back, allows no review", async () => {
  const { productId, variantId } = await seller.stockVariant(5);
  const author = await buyerOf(variantId);
  for (const status of ["pending_payment", "refunded", "cancelled"]) {
    await inDatabase("update orders set status = $2 where id = $1", [author.orderId, status]);
    expect((await reviewedBy(author.token, productId)).status).toBe(403);
  }
});

test("the average stays exact while many reviews are approved, changed and taken back at once", async () => {
  const { productId, variantId } = await seller.stockVariant(20);
  const authors = await Promise.all(Array.from({ length: 8 }, () => buyerOf(variantId)));
  const reviews = await Promise.all(
    authors.map(async ({ token }, index) =>
      (await reviewedBy(token, productId, { rating: (index % 5) + 1 })).as(Review),
    ),
  );
  const approved = await Promise.all(reviews.map((review) => moderate(review)));
  expect(approved.map(({ status }) => status)).toEqual(reviews.map(() => 200));
  await expect.poll(() => ratingOf(productId), patience).toEqual({ average: 2.63, count: 8 });
  const [first, second, third] = approved.map((answer) => answer.as(Review));
  const [one, two] = authors;
  if (!first || !second || !third || !one || !two) throw new Error("there are eight");
  await Promise.all([
    change(`/reviews/${first.id}`, one.token, { version: first.version, rating: 5 }),
    request(`/reviews/${second.id}`, {
      method: "DELETE",
      token: two.token,
      headers: { "if-match": `"v${second.version}"` },
    }),
    moderate(third, "rejected", { reason: "Not about the product." }),
  ]);
  // 4, 5, 1, 2 and 3 are left.
  await expect.poll(() => ratingOf(productId), patience).toEqual({ average: 3, count: 5 });
});

test("a changed review waits for approval again, and an approval of the former text is refused", async () => {
  const { productId, variantId } = await seller.stockVariant(5);
  const author = await buyerOf(variantId);
  const written = (await reviewedBy(author.token, productId)).as(Review);
  const changed = await change(`/reviews/${written.id}`, author.token, {
    version: 1,
    body: "No, it is bad.",
    rating: 1,
  });
  expect(changed.body).toMatchObject({ version: 2, status: "pending", rating: 1 });
  const late = await moderate(written);
  expect([late.status, late.as(Problem).code]).toEqual([412, "version_mismatch"]);
  const rejected = await moderate(changed.as(Review), "rejected", { reason: "Rude." });
  expect(rejected.body).toMatchObject({ status: "rejected", reason: "Rude." });
  const own = await request("/customers/me/reviews", { token: author.token });
  expect(own.body).toMatchObject({ data: [{ id: written.id, status: "rejected", reason: "Rude." }] });
});

test("every write of a review is made once per key, and its repetition gets the first answer", async () => {
  const { productId, variantId } = await seller.stockVariant(5);
  const { token } = await buyerOf(variantId);
  const merge = { "content-type": "application/merge-patch+json" };
  const twice = async (
    path: string,
    call: { method: string; token: string; json?: unknown; version?: number },
  ) => {
    const { version, ...rest } = call;
    const ifMatch = version === undefined ? {} : { ...merge, "if-match": `"v${version}"` };
    const headers = { ...ifMatch, "idempotency-key": randomUUID() };
    const first = await request(path, { ...rest, headers });
    const again = await request(path, { ...rest, headers });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    return first;
  };
  const json = { rating: 4, body: "Once." };
  const { id } = (await twice(`/products/${productId}/reviews`, { method: "POST", token, json })).as(Review);
  await twice(`/reviews/${id}`, { method: "PATCH", token, json: { rating: 3 }, version: 1 });
  const approval = { method: "PATCH", token: await adminToken(), json: { status: "approved" }, version: 2 };
  expect((await twice(`/admin/reviews/${id}`, approval)).body).toMatchObject({ version: 3, rating: 3 });
  expect((await twice(`/reviews/${id}`, { method: "DELETE", token, version: 3 })).status).toBe(204);
});

test("other people's reviews can be neither changed nor deleted, and customers moderate nothing", async () => {
  const { productId, variantId } = await seller.stockVariant(5);
  const author = await buyerOf(variantId);
  const { token } = await registerCustomer();
  const { id } = (await reviewedBy(author.token, productId)).as(Review);
  expect((await change(`/reviews/${id}`, token, { version: 1, rating: 1 })).status).toBe(404);
  const headers = { "if-match": '"v1"' };
  expect((await request(`/reviews/${id}`, { method: "DELETE", token, headers })).status).toBe(404);
  expect(
    (await change(`/admin/reviews/${id}`, author.token, { version: 1, status: "approved" })).status,
  ).toBe(403);
  expect((await request(`/reviews/${id}`, { method: "DELETE", token: author.token })).status).toBe(428);
});

test("pages by rating and by age have no gaps, and the filter by stars holds", async () => {
  const { productId, variantId } = await seller.stockVariant(10);
  const ratings = [3, 5, 3, 1];
  for (const rating of ratings) {
    const { token } = await buyerOf(variantId);
    await moderate((await reviewedBy(token, productId, { rating })).as(Review));
  }
  const all = async (query: string) => {
    const found: number[] = [];
    for (let after: string | null = ""; after !== null;) {
      const cursor: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
      const page = (await request(`/products/${productId}/reviews?limit=1&${query}${cursor}`)).as(Shown);
      found.push(...page.data.map(({ rating }) => rating));
      after = page.next_cursor;
    }
    return found;
  };
  await expect.poll(() => all("sort=newest"), patience).toEqual([1, 3, 5, 3]);
  expect(await all("sort=highest")).toEqual([5, 3, 3, 1]);
  expect(await all("sort=lowest")).toEqual([1, 3, 3, 5]);
  expect(await all("rating=3")).toEqual([3, 3]);
});

test("lists sort by rating and leave out what is rated lower", async () => {
  const brand = `brand-${randomUUID()}`;
  const rated = await Promise.all(
    [2, 5].map(async (rating) => {
      const { productId, variantId } = await seller.stockVariant(3);
      await inDatabase("update products set brand = $2, version = version + 1 where id = $1", [
        productId,
        brand,
      ]);
      const { token } = await buyerOf(variantId);
      await moderate((await reviewedBy(token, productId, { rating })).as(Review));
      return productId;
    }),
  );
  const ids = async (query: string) =>
    (await request(`/products?brand=${brand}&${query}`))
      .as(z.object({ data: z.array(z.looseObject({ id: z.string() })) }))
      .data.map(({ id }) => id);
  await expect.poll(() => ids("sort=rating"), patience).toEqual(rated.toReversed());
  await expect.poll(() => ids("rating_min=3"), patience).toEqual([rated[1]]);
});

test("an erased customer's reviews go, the rating follows, and the export has them before", async () => {
  const { productId, variantId } = await seller.stockVariant(5);
  const author = await buyerOf(variantId);
  const word = `canary${randomUUID().replaceAll("-", "")}`;
  await moderate((await reviewedBy(author.token, productId, { body: word })).as(Review));
  await expect.poll(() => ratingOf(productId), patience).toEqual({ average: 5, count: 1 });
  const response = await fetch(`${stack().api}/customers/me/export`, {
    headers: { authorization: `Bearer ${author.token}` },
  });
  expect(await response.text()).toContain(word);
  await inDatabase("update orders set status = 'delivered' where id = $1", [author.orderId]);
  await vi.waitFor(async () => {
    const erased = await request("/customers/me", { method: "DELETE", token: author.token });
    expect(erased.status).toBe(200);
  }, patience);
  expect(await inDatabase("select 1 from reviews where body = $1", [word])).toEqual([]);
  expect(
    await inDatabase("select 1 from idempotency_records where body::text like $1", [`%${word}%`]),
  ).toEqual([]);
  await expect.poll(() => ratingOf(productId), patience).toEqual({ average: 0, count: 0 });
});
