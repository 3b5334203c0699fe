import { Client } from "pg";

/**
 * For an owner who has lost authenticator app, recovery codes and passkeys: takes them from the account and ends its
 * sessions, so that the password opens it again. Whoever runs this has the database, and so everything already.
 * @throws Error when no account has this address.
 */
export async function forgetFactors(databaseUrl: string, email: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const found = await client.query(
      `with account as (
         update users set session_version = session_version + 1, updated_at = now()
         where lower(email) = lower($1) returning id),
       codes as (delete from recovery_codes where user_id in (select id from account)),
       apps as (delete from authenticators where user_id in (select id from account)),
       devices as (delete from passkeys where user_id in (select id from account)),
       ended as (
         update sessions set revoked_at = now()
         where user_id in (select id from account) and revoked_at is null)
       select id from account`,
      [email],
    );
    if (found.rowCount === 0) throw new Error(`No account has the address ${email}.`);
  } finally {
    await client.end();
  }
}
