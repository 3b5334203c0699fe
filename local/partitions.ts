import { Client } from "pg";
import { z } from "zod";
import { shopDatabaseUrl } from "./shop-database-url.ts";
import { explainAndExit } from "./terminal.ts";

const usage = "Use: npm run partitions -- list | make | retire 2025-03 | restore 2025-03";

const Months = z.array(z.object({ month: z.string(), place: z.string(), size: z.string() }));
const Done = z.array(z.object({ month: z.string(), outcome: z.string() }));
const Reasons = z.array(z.object({ reason: z.string(), orders: z.number(), example: z.string() }));

/** `npm run partitions -- …`: the months of orders in the database of DATABASE_URL, or else of the local shop. */
async function tendPartitions([action, month]: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: await shopDatabaseUrl() });
  await client.connect();
  try {
    if (action === "list") await list(client);
    else if (action === "make") await make(client);
    else if ((action === "retire" || action === "restore") && /^\d{4}-(0[1-9]|1[0-2])$/.test(month ?? ""))
      await move(client, action, `${month}-01`);
    else throw new Error(usage);
  } finally {
    await client.end();
  }
}

async function list(client: Client): Promise<void> {
  const { rows } = await client.query(`
    select replace(substr(relname, 8), '_', '-') as month,
      case relnamespace::regnamespace::text when 'archive' then 'archived' else 'at work' end as place,
      pg_size_pretty(pg_total_relation_size(pg_class.oid)) as size
    from pg_class join pg_inherits on inhrelid = pg_class.oid
    where inhparent in ('orders'::regclass, 'archive.orders'::regclass) order by month`);
  for (const { month, place, size } of Months.parse(rows))
    console.log(`${month.padEnd(9)} ${place.padEnd(9)} ${size}`);
}

async function make(client: Client): Promise<void> {
  const { rows } = await client.query("select month::text, outcome from make_order_months(3)");
  const made = Done.parse(rows);
  for (const { month, outcome } of made) console.log(`${month.slice(0, 7)} ${outcome}`);
  if (made.length === 0) console.log("There is room for this month and three ahead.");
}

async function move(client: Client, action: "retire" | "restore", month: string): Promise<void> {
  const { rows } = await client.query(
    `select $1::date::text as month, ${action}_order_month($1::date) as outcome`,
    [month],
  );
  const [{ outcome } = { outcome: "unknown" }] = Done.parse(rows);
  console.log(`${month.slice(0, 7)} ${outcome}`);
  if (outcome !== "unfinished") return;
  const kept = await client.query(
    `select reason, count(distinct order_id)::int as orders, min(order_id) as example
     from (select * from unfinished_orders($1::date) union all select * from unfinished_business($1::date)) as kept
     group by reason order by reason`,
    [month],
  );
  for (const { reason, orders, example } of Reasons.parse(kept.rows))
    console.log(`  ${reason}: ${orders}, such as ${example}`);
}

await tendPartitions(process.argv.slice(2)).catch(explainAndExit);
