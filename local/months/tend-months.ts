import type { Client } from "pg";
import { z } from "zod";
import { type HomeAddress, withHome } from "../shards/homes.ts";
import { changeMonth } from "./change-month.ts";

/** What may be done with months of orders, and to which. */
export type MonthsTask =
  | { readonly verb: "list" }
  | { readonly verb: "make" }
  | { readonly verb: "retire" | "restore"; readonly month: string };

type Say = (line: string) => void;

/**
 * Does it in each of the databases, one after the other, and tells of each.
 * @returns whether a month is now as it was asked for, wherever there is such a month.
 */
export async function tendMonths(
  homes: readonly HomeAddress[],
  task: MonthsTask,
  say: Say,
): Promise<boolean> {
  const widest = Math.max(...homes.map(({ name }) => name.length));
  const outcomes: string[] = [];
  for (const home of homes) {
    const sayOf: Say = (line) => say(homes.length === 1 ? line : `${home.name.padEnd(widest)}  ${line}`);
    outcomes.push(await withHome(home, (client) => tendAt(client, task, sayOf)));
  }
  if (outcomes.every((outcome) => outcome === "unknown"))
    say("There is no such month; `npm run partitions -- list` shows those that there are.");
  return (
    outcomes.some((outcome) => outcome !== "unknown") && !outcomes.some((outcome) => outcome in hindrances)
  );
}

/** What keeps a month from being changed, and what to do about it. */
const hindrances: Readonly<Record<string, string>> = {
  "too recent": "A month rests for 18 months before it is archived, since disputes may come within 540 days.",
  unfinished: "Finish or end what these orders wait for, and run the command again.",
  "in use": "Its tables are in use. Nothing was changed; run the command again when less goes on.",
};

async function tendAt(client: Client, task: MonthsTask, say: Say): Promise<string> {
  if (task.verb === "list") return list(client, say);
  if (task.verb === "make") return make(client, say);
  const outcome = await changeMonth(client, task.verb, task.month);
  say(`${task.month}  ${outcome}`);
  if (outcome === "unfinished") await sayWhatKeeps(client, task.month, say);
  const advice = hindrances[outcome];
  if (advice !== undefined) say(advice);
  return outcome;
}

const Months = z.array(z.object({ month: z.string(), place: z.string(), size: z.string() }));

async function list(client: Client, say: Say): Promise<string> {
  const { rows } = await client.query(`
    select replace(substr(relname, 8), '_', '-') as month,
      case relnamespace::regnamespace::text when 'archive' then 'archived' else 'at work' end as place,
      pg_size_pretty(pg_total_relation_size(pg_class.oid)) as size
    from pg_class join pg_inherits on inhrelid = pg_class.oid
    where inhparent in ('orders'::regclass, 'archive.orders'::regclass) order by month`);
  for (const { month, place, size } of Months.parse(rows))
    say(`${month.padEnd(8)} ${place.padEnd(8)} ${size}`);
  return "listed";
}

const Made = z.array(z.object({ month: z.string(), outcome: z.string() }));

async function make(client: Client, say: Say): Promise<string> {
  const { rows } = await client.query("select month::text, outcome from make_order_months(3)");
  const made = Made.parse(rows);
  for (const { month, outcome } of made) say(`${month.slice(0, 7)}  ${outcome}`);
  if (made.length === 0) say("There is room for this month and three ahead.");
  return "made";
}

const Reasons = z.array(z.object({ reason: z.string(), orders: z.number(), example: z.string() }));

async function sayWhatKeeps(client: Client, month: string, say: Say): Promise<void> {
  const { rows } = await client.query(
    `select reason, count(distinct order_id)::int as orders, min(order_id) as example
     from (select * from unfinished_orders($1::date) union all select * from unfinished_business($1::date)) as kept
     group by reason order by reason`,
    [`${month}-01`],
  );
  for (const { reason, orders, example } of Reasons.parse(rows))
    say(`  ${reason}: ${orders}, such as ${example}`);
}
