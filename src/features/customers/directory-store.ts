import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { type Id, firstIdAt } from "#core/ids";
import { dayMs, epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import type { Travel } from "#platform/cursor";
import { momentOf } from "#platform/moments";
import type { CustomerFilters, CustomerSummary, CustomerWire } from "./directory-schema.ts";

const SummaryRow = z.object({
  id: z.string(),
  email: z.string(),
  email_verified: z.boolean(),
  name: z.string(),
  disabled: z.boolean(),
  created_at: z.coerce.date().transform((date) => toTimestamp(epochMs(date.getTime()))),
});

const summaryColumns = sql`id, email, email_verified_at is not null as email_verified, name,
  disabled_at is not null as disabled, created_at`;

/** Customers, the newest first, from a place on. */
export async function selectCustomers(
  context: Context,
  filters: CustomerFilters,
  { direction, from: [place] = [], rowsMax }: Travel,
): Promise<CustomerSummary[]> {
  const [comparison, order] = direction === "after" ? [sql`<`, sql`desc`] : [sql`>`, sql`asc`];
  const beyond = place === undefined ? sql`true` : sql`id ${comparison} ${place}`;
  const { rows } = await context.databases.primary.execute(sql`
    select ${summaryColumns} from users
    where role = 'customer' and ${matching(filters)} and ${beyond}
    order by id ${order} limit ${rowsMax}`);
  return z.array(SummaryRow).parse(rows);
}

function matching(filters: CustomerFilters): SQL {
  const { email, email_verified: verified, disabled, created_from: from, created_before: before } = filters;
  const conditions = [
    ...(email === undefined ? [] : [sql`lower(email) like lower(${`${literally(email)}%`})`]),
    ...(verified === undefined ? [] : [sql`(email_verified_at is not null) = ${verified}::boolean`]),
    ...(disabled === undefined ? [] : [sql`(disabled_at is not null) = ${disabled}::boolean`]),
    ...(from === undefined ? [] : [sql`created_at >= ${momentOf(from)} and id > ${idsFrom(from, -dayMs)}`]),
    ...(before === undefined
      ? []
      : [sql`created_at < ${momentOf(before)} and id < ${idsFrom(before, dayMs)}`]),
  ];
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}

/** Ids are made when their accounts are, within a day: so the list begins where its first customer can be. */
function idsFrom(moment: string, leewayMs: number): string {
  return firstIdAt("user", epochMs(Math.max(0, Date.parse(moment) + leewayMs)));
}

/** A text in which nothing is a wildcard of LIKE. */
function literally(text: string): string {
  return text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
}

const CustomerRow = SummaryRow.extend({
  locale: z.string().nullable(),
  password: z.boolean(),
  authenticator_app: z.boolean(),
  passkeys: z.coerce.number(),
  providers: z.array(z.string()),
  sessions: z.coerce.number(),
});

type Customer = Omit<CustomerWire, "addresses" | "orders">;

export async function selectCustomer(context: Context, id: Id<"user">): Promise<Customer | undefined> {
  const { rows } = await context.databases.primary.execute(sql`
    select ${summaryColumns}, locale, password_hash is not null as password,
      exists (select 1 from authenticators where user_id = users.id and confirmed_at is not null)
        as authenticator_app,
      (select count(*) from passkeys where user_id = users.id) as passkeys,
      (select coalesce(jsonb_agg(provider order by provider), '[]') from identities where user_id = users.id)
        as providers,
      (select count(*) from sessions where user_id = users.id and revoked_at is null and expires_at > now())
        as sessions
    from users where id = ${id} and role = 'customer'`);
  const [row] = z.array(CustomerRow).parse(rows);
  if (row === undefined) return undefined;
  const { password, authenticator_app, passkeys, providers, ...customer } = row;
  return { ...customer, sign_in: { password, authenticator_app, passkeys, providers } };
}

/** Begins a transaction that is about this customer; raises when it is none, or has joined the staff since. */
export function expectCustomer(context: Context, id: Id<"user">) {
  return context.databases.primary.execute(sql`
    with held as (select from users where id = ${id} and role = 'customer' for update)
    select expect_rows((select count(*) from held), 1)`);
}
