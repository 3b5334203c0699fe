import { and, eq, inArray } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Databases } from "#platform/database";
import { customerAddresses } from "./tables.ts";

/** The statement that reads these entries of a user's address book; those of other people are not found. */
export function pickAddresses({ primary }: Databases, userId: Id<"user">, ids: readonly Id<"address">[]) {
  const { id, address } = customerAddresses;
  return primary
    .select({ id, address })
    .from(customerAddresses)
    .where(and(eq(customerAddresses.userId, userId), inArray(id, [...ids])));
}
