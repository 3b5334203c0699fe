import { inTransaction } from "../sqlite-transaction.ts";
import { Approval, approveOrder } from "./approve-order.ts";
import { PaypalFailure } from "./failure.ts";
import { approvalPage, donePage, overviewPage, type Page } from "./pages.ts";
import { TEST_PAYERS } from "./payers.ts";
import type { StoredOrder } from "./resources.ts";
import type { Simulation } from "./simulation.ts";

const ROWS_SHOWN = 30;

export type PageRequest = { method: string; url: URL; body: string };
export type PageAnswer = { status: number; page: Page; formTargets: string[] } | { redirectTo: string };

/** The pages that a person uses in the browser, or nothing when the path is none of them. */
export function answerPage(simulation: Simulation, request: PageRequest): PageAnswer | undefined {
  const { method, url } = request;
  if (url.pathname === "/" && method === "GET") return shown(200, overview(simulation));
  if (url.pathname !== "/checkoutnow") return undefined;
  const order = simulation.store.find("order", url.searchParams.get("token") ?? "");
  if (order === undefined) return shown(404, donePage("There is no such order."));
  if (method === "POST") return decide(simulation, order, request.body);
  return { status: 200, page: approvalPage(order, TEST_PAYERS), formTargets: returnOrigins(order) };
}

function shown(status: number, page: Page): PageAnswer {
  return { status, page, formTargets: [] };
}

function overview({ store, deliveries }: Simulation): Page {
  const page = { conditions: [], limit: ROWS_SHOWN };
  return overviewPage({
    orders: store.list("order", page),
    events: store.list("event", page),
    deliveries: deliveries.list(ROWS_SHOWN),
  });
}

/** The buyer agreed, or went away. */
function decide(simulation: Simulation, order: StoredOrder, body: string): PageAnswer {
  const fields = new URLSearchParams(body);
  const { return_url: returnUrl, cancel_url: cancelUrl } = order.experience;
  if (fields.get("outcome") !== "approve")
    return leave(order.id, { wanted: cancelUrl, message: "You have not paid." });
  const approval = Approval.safeParse({ payer: fields.get("payer") ?? undefined });
  if (!approval.success) return shown(400, donePage("That is no payer."));
  try {
    const approved = inTransaction(simulation.database, () =>
      approveOrder(simulation, order.id, approval.data.payer),
    );
    return leave(order.id, {
      wanted: returnUrl,
      message: "You have approved the payment.",
      payerId: approved.payer?.payer_id,
    });
  } catch (failure) {
    if (!(failure instanceof PaypalFailure)) throw failure;
    return shown(failure.status, donePage(failure.body.details?.[0]?.description ?? failure.message));
  }
}

type Way = { wanted: string | undefined; message: string; payerId?: string | undefined };

/** Where the shop wants its buyer back, told which order it is about. */
function leave(orderId: string, { wanted, message, payerId }: Way): PageAnswer {
  if (wanted === undefined) return shown(200, donePage(message));
  const url = new URL(wanted);
  url.searchParams.set("token", orderId);
  if (payerId !== undefined) url.searchParams.set("PayerID", payerId);
  return { redirectTo: url.href };
}

function returnOrigins({ experience }: StoredOrder): string[] {
  const urls = [experience.return_url, experience.cancel_url].filter((url) => url !== undefined);
  return [...new Set(urls.map((url) => new URL(url).origin))];
}
