import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { crashPoints } from "./crash-points.ts";
import { type Purchase, startPayment, stopAt } from "./crash-purchases.ts";
import {
  type CrashSite,
  type Ending,
  expectEnding,
  healMsMax,
  openCrashSite,
  patience,
} from "./crash-site.ts";

let site: CrashSite;

beforeAll(async () => {
  site = await openCrashSite();
});

afterAll(() => site.close());

/** An authorisation is good for a week. */
const aWeekAndADay = 8 * 24 * 60 * 60;

let restartedAt: Date;
const crashed = new Map<string, Purchase>();

/** Each purchase is held at its own point, so that one kill finds every one of them exactly there. */
test("the Worker is killed with a purchase at each of the points, and comes back", async () => {
  const prepared = await Promise.all(crashPoints.map(({ prepare }) => prepare(site)));
  await site.crash(() => site.inventory.hide(prepared.flatMap(({ unreachableSku: sku }) => sku ?? [])));
  const approaches = await Promise.all(prepared.map(({ approach }) => approach()));
  await Promise.all(
    approaches.map(({ point }, index) => site.untilReached(point, crashPoints[index]?.name ?? "")),
  );
  await site.crash(async () => {
    await site.inventory.bringBack();
    for (const { point, meanwhile } of approaches) {
      point.lift();
      await meanwhile?.();
    }
  });
  restartedAt = new Date();
  await Promise.all(approaches.flatMap(({ unanswered }) => unanswered ?? []));
  const purchases = await Promise.all(approaches.map(({ goOn }) => goOn()));
  for (const [index, purchase] of purchases.entries()) crashed.set(crashPoints[index]?.name ?? "", purchase);
});

test.each(crashPoints)(
  "$name: the order ends $ends, once, with its money and stock",
  async ({ name, ends }) => {
    const { order, wares } = crashed.get(name) ?? expect.fail("the point was not reached");
    await expectEnding(site, { order, wares, ends });
    await expectHistory(order, histories[ends]);
    const journals = await Promise.all(wares.map(({ sku }) => site.movements(sku)));
    const holds = journals
      .flat()
      .filter((entry) => entry.kind === "hold" && entry.reservation_id?.startsWith(order.id));
    expect(holds).toHaveLength(wares.length);
    const receipts = ends === "paid" || ends === "refunded" ? 1 : 0;
    await vi.waitFor(async () => expect(await site.mailsTo(order.email)).toHaveLength(receipts), patience);
  },
);

const histories: Record<Ending, readonly string[]> = {
  paid: ["order.placed", "order.authorised", "order.paid"],
  cancelled: ["order.placed", "order.cancelled"],
  expired: ["order.placed", "order.expired"],
  refunded: ["order.placed", "order.authorised", "order.paid", "order.refund_requested", "order.refunded"],
};

/** What happened to the order, and that it came to its end soon enough after the restart. */
async function expectHistory(order: Purchase["order"], types: readonly string[]): Promise<void> {
  const history = await site.historyOf(order);
  expect(history.map(({ type }) => type)).toEqual(types);
  const endedAt = history.at(-1)?.at ?? restartedAt;
  expect(endedAt.getTime() - restartedAt.getTime()).toBeLessThan(healMsMax);
}

test("authorisation expired before capture: the order is cancelled and its unit for sale again", async () => {
  const { order, wares, attempt, intent } = await startPayment(site);
  const point = stopAt(site.gates.stripe, "before_service", "/capture", intent);
  await site.buyer.payWith(attempt);
  await site.untilReached(point, "capture");
  await site.crash(async () => {
    point.lift();
    await site.steerStripe("clock", { advance_seconds: aWeekAndADay });
  });
  await expectEnding(site, { order, wares, ends: "cancelled" });
});
