import { pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Id } from "#core/ids";

export const identities = pgTable("identities", {
  id: text().$type<Id<"identity">>().primaryKey(),
  userId: text("user_id").$type<Id<"user">>().notNull(),
  provider: text().notNull(),
  subject: text().notNull(),
  email: text(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  lastUsedAt: timestamp("last_used_at", { withTimezone: true }).notNull().defaultNow(),
});

export type IdentityRow = typeof identities.$inferSelect;
