import { Client } from "pg";

/**
 * Gives an account the admin role. Its access tokens of before, which speak of its former role, are revoked.
 * @throws Error when no account has this address.
 */
export async function makeAdmin(databaseUrl: string, email: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const changed = await client.query(
      `update users set role = 'admin', session_version = session_version + 1, updated_at = now()
       where lower(email) = lower($1) and role <> 'admin'`,
      [email],
    );
    if (changed.rowCount !== 0) return;
    const known = await client.query("select 1 from users where lower(email) = lower($1)", [email]);
    if (known.rowCount === 0) throw new Error(`No account has the address ${email}. Register it first.`);
  } finally {
    await client.end();
  }
}
