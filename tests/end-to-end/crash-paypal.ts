import { expect, vi } from "vitest";
import type { Moment } from "#local/faults/gate";
import { type Approach, type Preparation, cutShort, place, stopAt } from "./crash-purchases.ts";
import { type CrashSite, patience } from "./crash-site.ts";

/** The buyer comes back from PayPal, where the payment was approved. */
export function returningFromPaypal(moment: Moment) {
  return async (site: CrashSite): Promise<Preparation> => {
    const purchase = await place(site);
    const approach = async (): Promise<Approach> => {
      const point = stopAt(site.gates.paypal, moment, "/v2/payments/authorizations/", "/capture");
      await site.paypalDesk.approve(purchase.order);
      const unanswered = cutShort(site.buyer.confirm(purchase.order));
      return { point, unanswered, goOn: () => Promise.resolve(purchase) };
    };
    return { approach };
  };
}

export function refundingAtPaypal(moment: Moment) {
  return async (site: CrashSite): Promise<Preparation> => {
    const purchase = await place(site);
    const { order } = purchase;
    await site.paypalDesk.approve(order);
    expect((await site.buyer.confirm(order)).status).toBe(200);
    const isPaid = async () => expect((await site.buyer.readOrder(order)).status).toBe("paid");
    await vi.waitFor(isPaid, patience);
    const approach = async (): Promise<Approach> => ({
      point: stopAt(site.gates.paypal, moment, "/v2/payments/captures/", "/refund"),
      unanswered: cutShort(site.refund(order)),
      goOn: () => Promise.resolve(purchase),
    });
    return { approach };
  };
}
