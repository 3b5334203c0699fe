import type { Stripe } from "stripe";
import { z } from "zod";
import { invalidRequest } from "./failure.ts";
import { expandable, parseParameters, wholeNumber } from "./parameters.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const RESULTS_DEFAULT = 10;
const RESULTS_MAX = 100;

const SearchIntents = z.strictObject({
  ...expandable,
  query: z.string(),
  limit: wholeNumber.refine((limit) => limit >= 1 && limit <= RESULTS_MAX).optional(),
});

const CLAUSE =
  /^(?<field>\w+)(?:\[["'](?<key>[^"']+)["']\])?\s*(?<operator>:|>=|<=|>|<)\s*["']?(?<value>[^"']*)["']?$/;

type Clause = { field: string; key: string | undefined; operator: string; value: string };

/** Stripe's query language as far as clauses joined by AND: `status:'succeeded' AND metadata['order']:'7'`. */
export function searchPaymentIntents(work: Work, call: Call): Reply {
  const { query, limit = RESULTS_DEFAULT } = parseParameters(SearchIntents, call.fields);
  const clauses = query.split(/\s+AND\s+/i).map(parseClause);
  const found = work.store
    .all("payment_intent", [])
    .filter((intent) => clauses.every((clause) => matches(intent, clause)));
  return answer({
    object: "search_result",
    url: "/v1/payment_intents/search",
    has_more: found.length > limit,
    next_page: null,
    data: found.slice(0, limit),
  });
}

function parseClause(text: string): Clause {
  const groups = CLAUSE.exec(text.trim())?.groups;
  const { field, key, operator, value } = groups ?? {};
  if (field === undefined || operator === undefined || value === undefined) {
    throw invalidRequest(`We were unable to parse your search query near: ${text}`, { param: "query" });
  }
  return { field, key, operator, value };
}

function matches(intent: Stripe.PaymentIntent, { field, key, operator, value }: Clause): boolean {
  const stored: unknown = key === undefined ? Reflect.get(intent, field) : intent.metadata[key];
  switch (operator) {
    case ":":
      return String(stored) === value;
    case ">":
      return Number(stored) > Number(value);
    case "<":
      return Number(stored) < Number(value);
    case ">=":
      return Number(stored) >= Number(value);
    default:
      return Number(stored) <= Number(value);
  }
}
