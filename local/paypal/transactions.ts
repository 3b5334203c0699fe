import { z } from "zod";
import { readSetting, writeSetting } from "../simulator/settings.ts";
import { invalidBody } from "./failure.ts";
import { type Money, knownUnits, moneyOf } from "./money.ts";
import { PAYEE } from "./payee.ts";
import type { StoredAuthorization, StoredCapture, StoredRefund } from "./resources.ts";
import { answer, type Call, isoSeconds, type Reply, type Simulation } from "./simulation.ts";

const RANGE_SECONDS_MAX = 31 * 24 * 60 * 60;
const PAGE_SIZE_DEFAULT = 100;
const PAGE_SIZE_MAX = 500;
const LAG_SECONDS_MAX = 3 * 60 * 60;
const LAG_SETTING = "reporting_lag_seconds";

/** PayPal's reports may be three hours behind; here they are up to date unless they are told to lag. */
export const ReportingLag = z.strictObject({ lag_seconds: z.int().min(0).max(LAG_SECONDS_MAX) });

export function delayReports({ database }: Simulation, lag: z.infer<typeof ReportingLag>): object {
  writeSetting(database, LAG_SETTING, lag.lag_seconds);
  return lag;
}

const Moment = z.iso.datetime({ offset: true }).transform((text) => Math.floor(Date.parse(text) / 1000));

const SearchTransactions = z.looseObject({
  start_date: Moment,
  end_date: Moment,
  transaction_id: z.string().min(17).max(19).optional(),
  balance_affecting_records_only: z.enum(["Y", "N"]).default("Y"),
  page_size: z.coerce.number().int().min(1).max(PAGE_SIZE_MAX).default(PAGE_SIZE_DEFAULT),
  page: z.coerce.number().int().min(1).default(1),
});

/** What PayPal's reports say of the account: every movement of money, oldest first. */
export function searchTransactions(simulation: Simulation, { query, origin }: Call): Reply {
  const search = readSearch(query);
  const { start_date: start, end_date: end, page, page_size: size } = search;
  const refreshed =
    simulation.clock.nowSeconds() - (readSetting(simulation.database, LAG_SETTING, z.int()) ?? 0);
  const found = transactionsOf(simulation, search.balance_affecting_records_only === "N")
    .filter(({ created }) => created >= start && created <= end && created <= refreshed)
    .filter(({ id }) => search.transaction_id === undefined || id === search.transaction_id);
  const shown = found.slice((page - 1) * size, page * size);
  return answer(200, {
    transaction_details: shown.map((transaction) => ({ transaction_info: describe(transaction) })),
    account_number: PAYEE.merchant_id,
    start_date: isoSeconds(start),
    end_date: isoSeconds(Math.min(end, refreshed)),
    last_refreshed_datetime: isoSeconds(refreshed),
    page,
    total_items: found.length,
    total_pages: Math.ceil(found.length / size),
    links: [{ href: `${origin}/v1/reporting/transactions?${query}`, rel: "self", method: "GET" }],
  });
}

function readSearch(query: URLSearchParams): z.infer<typeof SearchTransactions> {
  const parsed = SearchTransactions.safeParse(Object.fromEntries(query));
  const at = parsed.success ? "end_date" : String(parsed.error.issues[0]?.path[0]);
  if (!parsed.success) throw invalidBody("INVALID_PARAMETER_SYNTAX", { field: `/${at}`, location: "query" });
  const { start_date: start, end_date: end } = parsed.data;
  if (end < start || end - start > RANGE_SECONDS_MAX)
    throw invalidBody("INVALID_PARAMETER_VALUE", {
      field: `/${at}`,
      location: "query",
      description: "The date range is at most 31 days, and does not end before it starts.",
    });
  return parsed.data;
}

type Transaction = StoredCapture | StoredRefund | StoredAuthorization;

function transactionsOf({ store }: Simulation, withAuthorizations: boolean): Transaction[] {
  const all: Transaction[] = [...store.all("capture", []), ...store.all("refund", [])];
  if (withAuthorizations) all.push(...store.all("authorization", []));
  return all.toSorted((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
}

function describe(transaction: Transaction): object {
  const { id, orderId, invoiceId, customId, create_time, update_time } = transaction;
  return {
    paypal_account_id: PAYEE.merchant_id,
    transaction_id: id,
    ...baseOf(transaction, orderId),
    transaction_event_code: EVENT_CODES[transaction.kind],
    transaction_initiation_date: create_time,
    transaction_updated_date: update_time,
    transaction_amount: signedAmount(transaction),
    transaction_status: STATUS_CODES[transaction.status],
    ...(invoiceId === null ? {} : { invoice_id: invoiceId }),
    ...(customId === null ? {} : { custom_field: customId }),
    protection_eligibility: "01",
  };
}

const EVENT_CODES = { capture: "T0006", refund: "T1107", authorization: "T1300" } as const;

/** What a transaction goes back to: the capture that was refunded, the authorisation that was captured, the order. */
function baseOf(transaction: Transaction, orderId: string): object {
  if (transaction.kind === "refund") return related(transaction.captureId, "TXN");
  const authorizationId = transaction.kind === "capture" ? transaction.authorizationId : null;
  return authorizationId === null ? related(orderId, "ODR") : related(authorizationId, "TXN");
}

function related(id: string, type: "TXN" | "ODR"): object {
  return { paypal_reference_id: id, paypal_reference_id_type: type };
}

/** Money that leaves the account is negative. */
function signedAmount({ kind, amount }: Transaction): Money {
  return kind === "refund" ? moneyOf(-knownUnits(amount), amount.currency_code) : amount;
}

const STATUS_CODES = {
  CREATED: "P",
  PARTIALLY_CAPTURED: "P",
  PENDING: "P",
  DECLINED: "D",
  REFUNDED: "V",
  VOIDED: "V",
  CAPTURED: "S",
  COMPLETED: "S",
  PARTIALLY_REFUNDED: "S",
} as const;
