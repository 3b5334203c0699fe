import { type SQL, sql } from "drizzle-orm";

/** A moment that a client named, of any year: Postgres itself reads no text of the year 0. */
export function momentOf(text: string): SQL {
  return sql`to_timestamp(${Date.parse(text) / 1_000}::float8)`;
}
