import { sql } from "drizzle-orm";
import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import { type Id, newId } from "#core/ids";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { deriveSecret } from "#platform/signed-tokens";
import { mailTokenLimits } from "./rules.ts";
import { type MailTokenPurpose, type MailTokenRow, type UserRow, mailTokens, users } from "./tables.ts";

/**
 * A mail token's text is computed from its id with our key, when the mail is sent: it is stored nowhere, a repeated
 * delivery sends the same mail, and whoever reads the database cannot make it. The row keeps its hash.
 */
export function mailTokenText(context: Context, id: Id<"mailToken">): Promise<string> {
  return deriveSecret(context.settings, "mail-token", id);
}

/** A new token for a known account, which the mail to this address will carry. */
export async function newMailToken(
  context: Context,
  purpose: MailTokenPurpose,
  { userId, email }: { userId: Id<"user">; email: string },
) {
  const { id, tokenHash, expiresAt } = await draft(context, purpose);
  const statement = context.databases.primary
    .insert(mailTokens)
    .values({ id, purpose, tokenHash, userId, email, expiresAt });
  return { id, statement };
}

/** The same where nobody knows yet whether the address has an account: the row is written either way. */
export async function newMailTokenForAddress(context: Context, purpose: MailTokenPurpose, email: string) {
  const { id, tokenHash, expiresAt } = await draft(context, purpose);
  const statement = context.databases.primary.execute(sql`
    insert into mail_tokens (id, purpose, token_hash, user_id, email, expires_at)
    select ${id}, ${purpose}, ${tokenHash}, users.id, users.email, ${expiresAt}
    from (select 1) as always left join users on lower(users.email) = lower(${email})`);
  return { id, statement };
}

async function draft(context: Context, purpose: MailTokenPurpose) {
  const id = newId("mailToken", context.now());
  const tokenHash = await sha256Hex(await mailTokenText(context, id));
  const seconds = mailTokenLimits.lifeSeconds[purpose];
  return { id, tokenHash, expiresAt: sql`now() + make_interval(secs => ${seconds})` };
}

export type OpenMailToken = MailTokenRow & { userId: Id<"user">; email: string };

/**
 * The token and its user, if the token can still be used.
 * @throws AppError mail_token_refused.
 */
export async function openMailToken(
  context: Context,
  text: string,
  purposes: readonly MailTokenPurpose[],
): Promise<{ token: OpenMailToken; user: UserRow }> {
  const tokenHash = await sha256Hex(text);
  const [found] = await context.databases.primary
    .select({ token: mailTokens, user: users })
    .from(mailTokens)
    .innerJoin(users, sql`${users.id} = ${mailTokens.userId}`)
    .where(sql`${mailTokens.tokenHash} = ${tokenHash} and ${isUsable}`);
  if (found === undefined || !purposes.includes(found.token.purpose)) throw refusedMailToken();
  const { id: userId } = found.user;
  return {
    token: { ...found.token, userId, email: found.token.email ?? found.user.email },
    user: found.user,
  };
}

const isUsable = sql`${mailTokens.usedAt} is null and ${mailTokens.expiresAt} > now()`;

/** The statement that uses the token up; its batch fails when somebody else was faster. */
export function useMailToken(context: Context, token: OpenMailToken, replacedEmail?: string) {
  return context.databases.primary.execute(sql`
    with changed as (
      update mail_tokens set used_at = now(), replaced_email = ${replacedEmail ?? null}
      where id = ${token.id} and used_at is null and expires_at > now() returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Makes the user's other tokens worthless, such as the earlier of two mails, or a change that a thief had begun. */
export function burnMailTokens(
  context: Context,
  userId: Id<"user">,
  { purposes, except }: { purposes: readonly MailTokenPurpose[]; except?: Id<"mailToken"> },
) {
  return context.databases.primary.execute(sql`
    update mail_tokens set used_at = now()
    where user_id = ${userId} and used_at is null and id <> ${except ?? ""}
      and purpose in (${sql.join(
        purposes.map((purpose) => sql`${purpose}`),
        sql`, `,
      )})`);
}

/** A token that has yet to be mailed; undefined when it was used, has expired, or belongs to nobody. */
export async function findUnsentMailToken(
  context: Context,
  id: Id<"mailToken">,
): Promise<{ token: MailTokenRow; user: UserRow } | undefined> {
  const [found] = await context.databases.primary
    .select({ token: mailTokens, user: users })
    .from(mailTokens)
    .innerJoin(users, sql`${users.id} = ${mailTokens.userId}`)
    .where(sql`${mailTokens.id} = ${id} and ${isUsable}`);
  return found;
}

export async function findReplacedEmail(context: Context, id: Id<"mailToken">): Promise<string | undefined> {
  const [row] = await context.databases.primary
    .select({ email: mailTokens.replacedEmail })
    .from(mailTokens)
    .where(sql`${mailTokens.id} = ${id}`);
  return row?.email ?? undefined;
}

/** Forgets tokens that are long dead; runs with the sweep. */
export async function forgetMailTokens(context: Context): Promise<void> {
  await transact(context.databases.primary, [
    context.databases.primary.execute(sql`
      delete from mail_tokens where id in (
        select id from mail_tokens where expires_at < now() - make_interval(days => ${mailTokenLimits.keptDays})
        limit ${mailTokenLimits.forgottenAtOnceMax})`),
  ]);
}

export function refusedMailToken(): AppError {
  return new AppError("mail_token_refused", {
    detail: "It is good once and for a limited time. Ask for another mail and use the newest one.",
  });
}
